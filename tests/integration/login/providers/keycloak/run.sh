#!/bin/sh
# Keycloak (www.keycloak.org) on ADDRESS and PORT, with the people and the client of the realm in REALM.
set -eu
mkdir -p /opt/keycloak/data/import
printf '%s' "$REALM" > /opt/keycloak/data/import/campus.json
export JAVA_OPTS_KC_HEAP="-Xms64m -Xmx256m"
exec /opt/keycloak/bin/kc.sh start --optimized --import-realm --http-host="$ADDRESS" --https-port="$PORT" \
    --https-certificate-file=/etc/provider/certificate.pem --https-certificate-key-file=/etc/provider/key.pem \
    --hostname="https://$ADDRESS:$PORT"

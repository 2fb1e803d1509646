#!/bin/sh
# An ACME authority (github.com/letsencrypt/pebble) on ADDRESS, for which every name is on this machine; the site's ports
# are HTTP_PORT and HTTPS_PORT. It answers on DIRECTORY_PORT and the three after it, and its certificates are valid for
# VALIDITY seconds.
set -eu
management=$((DIRECTORY_PORT + 1)) names=$((DIRECTORY_PORT + 2)) names_management=$((DIRECTORY_PORT + 3))
cat > /tmp/pebble.json <<JSON
{"pebble": {
  "listenAddress": "$ADDRESS:$DIRECTORY_PORT", "managementListenAddress": "$ADDRESS:$management",
  "certificate": "/etc/provider/certificate.pem", "privateKey": "/etc/provider/key.pem",
  "httpPort": $HTTP_PORT, "tlsPort": $HTTPS_PORT, "ocspResponderURL": "", "externalAccountBindingRequired": false,
  "retryAfter": {"authz": 1, "order": 1}, "certificateValidityPeriod": $VALIDITY
}}
JSON
pebble-challtestsrv -management "$ADDRESS:$names_management" -dns01 "$ADDRESS:$names" -defaultIPv4 127.0.0.1 -defaultIPv6 "" \
    -http01 "" -https01 "" -tlsalpn01 "" -doh "" &
exec pebble -config /tmp/pebble.json -dnsserver "$ADDRESS:$names" -strict

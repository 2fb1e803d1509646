#!/bin/sh
# Seed the directory, unless it is there from before, and serve it by StartTLS and LDAPS; LDAP_URLS says where.
set -eu
if [ ! -d /var/lib/ldap-of-tests ]; then
    mkdir -p /var/lib/ldap-of-tests
    slapadd -q -f /srv/ldap/slapd.conf -l /srv/ldap/seed.ldif
fi
exec slapd -d 0 -f /srv/ldap/slapd.conf -h "$LDAP_URLS"

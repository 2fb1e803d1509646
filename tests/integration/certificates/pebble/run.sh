#!/bin/sh
# An ACME authority (github.com/letsencrypt/pebble) on ADDRESS, for which every name is on this machine; the site's ports
# are HTTP_PORT and HTTPS_PORT.
set -eu
cat > /tmp/pebble.json <<JSON
{"pebble": {
  "listenAddress": "$ADDRESS:14000", "managementListenAddress": "$ADDRESS:15000",
  "certificate": "/etc/provider/certificate.pem", "privateKey": "/etc/provider/key.pem",
  "httpPort": $HTTP_PORT, "tlsPort": $HTTPS_PORT, "ocspResponderURL": "", "externalAccountBindingRequired": false,
  "retryAfter": {"authz": 1, "order": 1},
  "profiles": {"default": {"description": "of the tests", "validityPeriod": 7776000}}
}}
JSON
pebble-challtestsrv -management "$ADDRESS:18055" -dns01 "$ADDRESS:18053" -defaultIPv4 127.0.0.1 -defaultIPv6 "" \
    -http01 "" -https01 "" -tlsalpn01 "" -doh "" &
exec pebble -config /tmp/pebble.json -dnsserver "$ADDRESS:18053" -strict

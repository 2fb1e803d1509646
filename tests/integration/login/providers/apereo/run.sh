#!/bin/sh
# Apereo CAS (apereo.github.io/cas) on ADDRESS and PORT, for the one service SERVICE. USERS are names and passwords as it
# wants them, PEOPLE what it says of them.
set -eu
mkdir -p conf services
printf '%s' "$PEOPLE" > conf/people.json
openssl pkcs12 -export -in /etc/provider/certificate.pem -inkey /etc/provider/key.pem -out conf/cas.p12 -passout pass:of-the-tests
cat > services/hub-1.json <<JSON
{"@class": "org.apereo.cas.services.RegexRegisteredService", "serviceId": "$SERVICE", "name": "hub", "id": 1,
 "attributeReleasePolicy": {"@class": "org.apereo.cas.services.ReturnAllAttributeReleasePolicy"}}
JSON
cat > conf/cas.properties <<PROPERTIES
server.address=$ADDRESS
server.port=$PORT
server.ssl.enabled=true
server.ssl.key-store=file:/tmp/conf/cas.p12
server.ssl.key-store-type=PKCS12
server.ssl.key-store-password=of-the-tests
server.ssl.key-password=of-the-tests
server.servlet.context-path=/cas
cas.server.name=https://$ADDRESS:$PORT
cas.server.prefix=https://$ADDRESS:$PORT/cas
cas.authn.accept.users=$USERS
cas.authn.attribute-repository.json[0].location=file:/tmp/conf/people.json
cas.authn.attribute-repository.json[0].id=people
cas.service-registry.core.init-from-json=true
cas.service-registry.json.location=classpath:/services
PROPERTIES
exec java -Xmx640m -XX:TieredStopAtLevel=1 -cp "/tmp:/opt/cas/WEB-INF/classes:/opt/cas/WEB-INF/lib/*" \
    org.apereo.cas.web.CasWebApplication \
    --spring.config.additional-location=file:/tmp/conf/ --cas.standalone.configuration-directory=/tmp/conf

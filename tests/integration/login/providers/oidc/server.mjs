// An OpenID provider (github.com/panva/node-oidc-provider) with people of ours. It checks passwords, and nothing of the
// protocol is ours: PKCE, codes that are good once, tokens, refresh.
import { createServer } from "node:https";
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const { issuer, address, port, client_id, client_secret, redirect_uri } = JSON.parse(process.env.OIDC);
// Changed by `PUT /people` while it runs: {"alice": {"password": "…", "groups": ["…"]}}
let people = {};

const provider = new Provider(issuer, {
  clients: [{
    client_id, client_secret, redirect_uris: [redirect_uri],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "client_secret_basic",
  }],
  claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["of-the-tests"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/login/${interaction.uid}` },
  issueRefreshToken: () => true,
  findAccount: (_, id) => people[id] && {
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, email: `${id}@example.org`, groups: people[id].groups }),
  },
  // Our own hub: nobody is asked whether it may know their name.
  loadExistingGrant: async (context) => {
    const { client, session } = context.oidc;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
});
provider.proxy = false;
const protocol = provider.callback();

async function body(request) {
  let text = "";
  for await (const part of request) text += part;
  return text;
}

async function answer(request, response) {
  if (request.url === "/people" && request.method === "PUT") {
    people = JSON.parse(await body(request));
    return response.writeHead(204).end();
  }
  if (!request.url.startsWith("/login/")) return protocol(request, response);
  const form = `<form method="post">Name <input name="username"> <input name="password" type="password"><button>Go</button></form>`;
  if (request.method !== "POST") return response.writeHead(200, { "content-type": "text/html" }).end(form);
  const given = new URLSearchParams(await body(request));
  const person = people[given.get("username")];
  if (!person || person.password !== given.get("password")) {
    return response.writeHead(401, { "content-type": "text/html" }).end(`Wrong. ${form}`);
  }
  return provider.interactionFinished(request, response, { login: { accountId: given.get("username") } });
}

const tls = { cert: readFileSync("/etc/provider/certificate.pem"), key: readFileSync("/etc/provider/key.pem") };
createServer(tls, (request, response) => {
  answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
}).listen(port, address);

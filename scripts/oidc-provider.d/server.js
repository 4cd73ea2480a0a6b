// An OpenID Connect provider (npm `oidc-provider`, which is certified), with everything in memory, for the tests.
//
//   node server.js PORT     on 127.0.0.1; the issuer is http://127.0.0.1:PORT
//
// Clients register themselves (POST /reg). Every name logs in, with any password. What a user is part of:
//
//   PUT    /test/users/NAME {"groups": […]}   these groups from now on
//   DELETE /test/users/NAME                   the user is gone: what they were granted ends
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const port = Number(process.argv[2]);
const groups = new Map();
const gone = new Set();

function key(type, options, more) {
  return { ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), use: "sig", ...more };
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: {
    keys: [
      key("ec", { namedCurve: "P-256" }, { kid: "ec", alg: "ES256" }),
      key("rsa", { modulusLength: 2048 }, { kid: "rsa" }),
      key("ed25519", {}, { kid: "ed", alg: "EdDSA" }),
    ],
  },
  cookies: { keys: ["only the tests use this"] },
  claims: { openid: ["sub"], profile: ["name"], email: ["email"], groups: ["groups"] },
  enabledJWA: { idTokenSigningAlgValues: ["ES256", "RS256", "PS256", "EdDSA"] },
  scopes: ["openid", "offline_access", "groups"],
  features: {
    backchannelLogout: { enabled: true },
    registration: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // access tokens for the API are JWTs
      getResourceServerInfo: (_, resource) => ({
        audience: resource,
        scope: "groups",
        accessTokenFormat: "jwt",
        accessTokenTTL: 60,
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
  extraTokenClaims: (_, token) => ({ groups: groups.get(token.accountId) ?? [] }),
  pkce: { required: () => true },
  // with a scope of its own, as providers differ in it
  issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
  rotateRefreshToken: true,
  ttl: { AccessToken: 60, IdToken: 60, Interaction: 600, Session: 3600, Grant: 3600, RefreshToken: 3600 },
  findAccount: (_, id) =>
    gone.has(id)
      ? undefined
      : {
          accountId: id,
          claims: () => ({ sub: id, name: `Name of ${id}`, email: `${id}@example.org`, groups: groups.get(id) ?? [] }),
        },
});

async function change(request, name) {
  if (request.method === "DELETE") {
    gone.add(name);
    return;
  }
  let text = "";
  for await (const part of request) text += part;
  groups.set(name, JSON.parse(text).groups);
}

const answer = provider.callback();
createServer((request, response) => {
  const [, name] = /^\/test\/users\/(\w+)$/.exec(request.url) ?? [];
  if (name === undefined) {
    answer(request, response);
    return;
  }
  change(request, name).then(
    () => response.writeHead(204).end(),
    (error) => response.writeHead(400).end(String(error)),
  );
}).listen(port, "127.0.0.1");

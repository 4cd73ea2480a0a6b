import { expect, test } from "vitest";
import { CONNECTORS } from "./connectors";
import { newSecret, SENDERS } from "./senders";
import { secretOf, settingsOf } from "./settings";

test("every connector is guided: asked by the server, or sending by itself", () => {
  for (const { id, isGuided } of CONNECTORS) expect(isGuided || SENDERS[id] !== undefined, id).toBe(true);
});

test("settings refer to the secret, and name what is not as usual", () => {
  const usual = { connector: "jenkins", name: "main", tenant: "main", pull: [] };
  expect(settingsOf(usual)).toBe('[[source]]\nconnector = "jenkins"\n[source.webhook]\nsecrets = [{ env = "JENKINS_WEBHOOK_SECRET" }]\n');
  expect(settingsOf({ ...usual, tenant: undefined })).toBe(settingsOf(usual));
  expect(settingsOf({ ...usual, name: "1", tenant: "acme" })).toContain('name = "1"\ntenant = "acme"\n');
  expect(settingsOf({ ...usual, pull: ["projects = []"] })).toContain("[source.pull]\nprojects = []\n[source.webhook]");
  expect(secretOf("jenkins", "ops-2")).toBe("JENKINS_OPS_2_WEBHOOK_SECRET");
});

test("secrets are long, and each is another", () => {
  expect(newSecret()).toMatch(/^[0-9a-f]{64}$/);
  expect(newSecret()).not.toBe(newSecret());
});

test("what is entered names the address and the secret", () => {
  const sent = { base: "https://sei.example.org", name: "main", address: "https://sei.example.org/webhooks/x/main", secret: "s3cret" };
  for (const [id, { entries, makesSecret = false }] of Object.entries(SENDERS)) {
    const text = entries(sent).map(({ value }) => value).join("\n");
    expect(text, id).toContain(sent.base);
    expect(text.includes("s3cret"), id).toBe(!makesSecret);
  }
});

import { expect, test } from "vitest";
import { CONNECTORS } from "./connectors";
import { newSecret, SENDERS, settingsOf, variableOf } from "./senders";

test("every connector is guided: asked by the server, or sending by itself", () => {
  for (const { id, isGuided } of CONNECTORS) expect(isGuided || SENDERS[id] !== undefined, id).toBe(true);
});

test("settings refer to the secret and do not hold it", () => {
  expect(settingsOf("jenkins", "main", variableOf("jenkins", "main"), [])).toBe('[[source]]\nconnector = "jenkins"\n[source.webhook]\nsecrets = [{ env = "JENKINS_WEBHOOK_SECRET" }]\n');
  expect(settingsOf("devlake", "1", variableOf("devlake", "1"), [])).toContain('name = "1"\n');
  expect(variableOf("jenkins", "ops-2")).toBe("JENKINS_OPS_2_WEBHOOK_SECRET");
  expect(settingsOf("circleci", "main", "X", ["projects = []"])).toContain("[source.pull]\nprojects = []\n[source.webhook]");
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

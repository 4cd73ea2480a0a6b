import type { Key } from "../../i18n/t";

/** What is entered at the sender. */
export interface Sent {
  /** Where sei is reached. */
  base: string;
  /** The name that the settings give the source. */
  name: string;
  /** Where the events go. */
  address: string;
  secret: string;
}

/** A field of the sender, by the name that it has there, and what is entered. */
export interface Entry {
  label: string;
  value: string;
}

/** A tool that sends its events, in its own words. */
export interface Sender {
  /** Where it is entered there; empty where a program sends. */
  place: string;
  entries: (sent: Sent) => Entry[];
  /** Something to run or to apply. */
  example?: { title: string; text: (sent: Sent) => string };
  /** What to know beside that. */
  note?: Key;
  /** The tool makes the secret itself and shows it. */
  makesSecret?: boolean;
  /** The name of the first source of it, if that is not `main`. */
  name?: string;
}

const PAGERDUTY_EVENTS = ["triggered", "acknowledged", "unacknowledged", "escalated", "delegated", "reassigned", "reopened", "resolved", "priority_updated", "service_updated"];

const bearer = ({ address, secret }: Sent): Entry[] => [
  { label: "POST", value: address },
  { label: "Authorization", value: `Bearer ${secret}` },
];

function curl(address: string, secret: string, body: object): string {
  return `curl ${address} \\\n  -H 'Authorization: Bearer ${secret}' -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(body, null, 2)}'\n`;
}

/** The tools that send, by their connectors. */
export const SENDERS: Record<string, Sender> = {
  jenkins: {
    place: "Configure → Job Notifications → Add Endpoint",
    entries: ({ address, secret }) => [
      { label: "Format", value: "JSON" },
      { label: "Protocol", value: "HTTP" },
      { label: "Event", value: "All Events" },
      { label: "URL", value: `${address}/${secret}` },
    ],
    note: "connect.jenkins_note",
  },
  circleci: {
    place: "Project Settings → Webhooks → Add Webhook",
    entries: ({ address, secret }) => [
      { label: "Receiver URL", value: address },
      { label: "Secret token", value: secret },
      { label: "Events", value: "Workflow Completed, Job Completed" },
    ],
    note: "connect.circleci_note",
  },
  pagerduty: {
    place: "Integrations → Generic Webhooks (v3) → New Webhook",
    entries: ({ address }) => [
      { label: "Webhook URL", value: address },
      { label: "Scope Type", value: "Account" },
      { label: "Event Subscription", value: PAGERDUTY_EVENTS.map((event) => `incident.${event}`).join(", ") },
    ],
    note: "connect.pagerduty_note",
    makesSecret: true,
  },
  tekton: {
    place: "",
    entries: bearer,
    example: {
      title: "kubectl apply",
      text: ({ name }) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: config-events, namespace: tekton-pipelines }\ndata:\n  formats: tektonv1\n  sink: http://that-proxy.tekton-pipelines.svc/webhooks/tekton/${name}\n`,
    },
    note: "connect.tekton_note",
  },
  cdevents: {
    place: "",
    entries: bearer,
    example: {
      title: "curl",
      text: ({ address, secret }) =>
        curl(address, secret, {
          context: { version: "0.5.1", id: "17", source: "https://ci.example.org/shop", type: "dev.cdevents.service.deployed.0.2.0", timestamp: new Date().toISOString() },
          subject: { id: "checkout", content: { environment: { id: "production" }, artifactId: "pkg:oci/checkout@2.4.0" } },
        }),
    },
    note: "connect.cdevents_note",
  },
  devlake: {
    place: "",
    entries: ({ base, name, secret }) => [
      { label: "POST", value: `${base}/api/rest/plugins/webhook/connections/${name}/deployments` },
      { label: "Authorization", value: `Bearer ${secret}` },
    ],
    example: {
      title: "curl",
      text: ({ base, name, secret }) =>
        curl(`${base}/api/rest/plugins/webhook/connections/${name}/deployments`, secret, {
          id: "shop-1042",
          startedDate: new Date(Date.now() - 300_000).toISOString(),
          finishedDate: new Date().toISOString(),
          deploymentCommits: [{ repoUrl: "https://github.com/octocat/shop", commitSha: "015e3d3b480e417aede5a1293bd61de9b0fd051d" }],
        }),
    },
    note: "connect.devlake_note",
    name: "1",
  },
  generic: {
    place: "",
    entries: bearer,
    example: {
      title: "curl",
      text: ({ address, secret }) =>
        curl(address, secret, {
          fact: "deployment",
          id: "git.example.org/shop/checkout/deployment/77",
          repository: "git.example.org/shop/checkout",
          environment: "production",
          sha: "9fceb02d0ae598e95dc970b74767f19372d61af8",
          started_at: new Date(Date.now() - 300_000).toISOString(),
          finished_at: new Date().toISOString(),
          outcome: "success",
        }),
    },
    note: "connect.generic_note",
  },
};

/** A secret that is hard to guess: 32 bytes. */
export function newSecret(): string {
  return [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

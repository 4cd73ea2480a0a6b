import type { Key } from "../../i18n/t";

/** A connector, with what is stated of it where a source is connected. */
export interface Connector {
  id: string;
  title: string;
  about: Key;
  /** The server asks the source itself, and registers its webhooks. */
  isGuided: boolean;
  /** Lines of `[source.pull]`; none where it only sends. */
  pull: string[];
  /** The environment variable of its token, which they refer to. */
  token?: string | undefined;
  /** What says whose token it is, where the source asks for that. */
  account?: Key;
  /** It has no public service, so its address is needed. */
  needsUrl: boolean;
  /** An example of a project. */
  project: string;
}

interface Shape {
  /** Lines of `[source.pull]` beside the token; without them it only sends webhooks. */
  pull?: string[];
  token?: string;
  isGuided?: boolean;
  account?: Key;
  needsUrl?: boolean;
  project?: string;
}

function connector(id: string, title: string, about: Key, { pull, token, isGuided = false, account, needsUrl = false, project = "octo/shop" }: Shape): Connector {
  const lines = pull === undefined ? [] : [...(token === undefined ? [] : [`token = { env = "${token}" }`]), ...pull];
  return { id, title, about, isGuided, pull: lines, token, account, needsUrl, project };
}

/** The connectors, those first that sei sets up with you. */
export const CONNECTORS: Connector[] = [
  connector("github", "GitHub", "connect.github", { pull: ['projects = ["octocat/hello-world"]'], token: "GITHUB_TOKEN", isGuided: true }),
  connector("gitlab", "GitLab", "connect.gitlab", { pull: ['projects = ["group/project"]'], token: "GITLAB_TOKEN", isGuided: true }),
  connector("jira", "Jira", "connect.jira", { pull: ['url = "https://you.atlassian.net"', 'email = "you@example.org"', 'projects = ["SHOP"]'], token: "JIRA_TOKEN", isGuided: true, account: "connect.jira_account", needsUrl: true, project: "SHOP" }),
  connector("pagerduty", "PagerDuty", "connect.pagerduty", { pull: [], token: "PAGERDUTY_API_KEY" }),
  connector("jenkins", "Jenkins", "connect.jenkins", { pull: ['url = "https://ci.example.org"', 'user = "ann"'], token: "JENKINS_API_TOKEN" }),
  connector("circleci", "CircleCI", "connect.circleci", { pull: ['projects = ["gh/acme/shop"]'], token: "CIRCLECI_TOKEN" }),
  connector("tekton", "Tekton", "connect.tekton", {}),
  connector("cdevents", "CDEvents", "connect.cdevents", {}),
  connector("devlake", "Apache DevLake", "connect.devlake", {}),
  connector("generic", "Other programs", "connect.generic", {}),
];

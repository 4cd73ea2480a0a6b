/** A query to begin with. */
export interface Example {
  title: string;
  query: string;
}

export const examples: [Example, ...Example[]] = [
  {
    title: "The five metrics",
    query: `query Metrics($service: String) {
  dora(question: { window: "90d", interval: WEEK, service: $service }) {
    window { from to }
    changeLeadTime { value unit text n level score }
    deploymentFrequency { value unit text n level }
    changeFailRate { value text n level }
    failedDeploymentRecoveryTime { value text n level }
    deploymentReworkRate { value text n }
    statements
  }
}
`,
  },
  {
    title: "A series",
    query: `{
  dora(question: { window: "180d", interval: MONTH }) {
    changeLeadTime { series { label value n } }
  }
}
`,
  },
  {
    title: "Metrics compared with the period before",
    query: `{
  metrics(names: ["change_lead_time", "deployment_frequency"], question: { window: "30d", compare: PREVIOUS }) {
    metric { title } level score whole { text n compared { text change } }
  }
}
`,
  },
  {
    title: "Failed deployments",
    query: `query Failed($after: String) {
  deployments(first: 10, after: $after, question: { failed: true }) {
    nodes { key service { name } finishedAt failedBy { rule what id at } recoveredAt incidents { nodes { title } } }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    title: "Deployments with their changes and reviews",
    query: `{
  deployments(first: 5) {
    nodes {
      name finishedAt
      changes(first: 10) {
        nodes { title author { name } reviews(first: 3) { nodes { state reviewer { name } } } }
      }
    }
  }
}
`,
  },
  {
    title: "Open changes, the longest open first",
    query: `{
  changes(first: 20, question: { states: [OPEN], sort: OLDEST }) {
    totalCount
    nodes { key title ageSeconds author { name } reviews(first: 5) { nodes { state } } }
  }
}
`,
  },
  {
    title: "Deployed changes and their stages",
    query: `{
  deployedChanges(first: 10) {
    nodes { key title leadTimeSeconds stages { codingSeconds pickupSeconds reviewSeconds deploySeconds } }
  }
}
`,
  },
  {
    title: "Teams and their services",
    query: `{
  organization {
    teams { nodes { name children { nodes { name } } services { nodes { name deploymentCount lastDeploymentAt } } } }
  }
}
`,
  },
];

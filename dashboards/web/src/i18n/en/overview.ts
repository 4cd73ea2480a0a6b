/** The overview. */
export const overview = {
  "overview.metrics": "Five metrics",
  "overview.teams": "Teams side by side",
  "overview.team": "Team",
  "overview.trend": "Trend of {title}",
  "overview.score": "Quick Check score",
  "overview.throughput": "Throughput",
  "overview.stability": "Stability",
  "overview.of_ten": "of 10; {group}: {mean}",
  "overview.no_services": "No service is known yet",
  "overview.no_services_text": "Connect a repository, a CI system or an incident tool, and metrics appear here with the first events.",
  "overview.no_deployments": "No production deployment is known",
  "overview.to_demo": "Look at demo data",
};

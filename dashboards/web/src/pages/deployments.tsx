import { Stub } from "./stub";

export function DeploymentsPage() {
  return <Stub title="page.deployments" />;
}

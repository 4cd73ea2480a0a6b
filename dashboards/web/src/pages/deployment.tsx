import { Stub } from "./stub";

export function DeploymentPage() {
  return <Stub title="page.deployment" />;
}

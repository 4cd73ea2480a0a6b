import { Stub } from "./stub";

export function IncidentPage() {
  return <Stub title="page.incident" />;
}

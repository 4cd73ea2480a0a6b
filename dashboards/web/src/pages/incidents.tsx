import { Stub } from "./stub";

export function IncidentsPage() {
  return <Stub title="page.incidents" />;
}

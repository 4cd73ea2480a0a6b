import { Stub } from "./stub";

export function TeamsPage() {
  return <Stub title="page.teams" />;
}

import { Stub } from "./stub";

export function TeamPage() {
  return <Stub title="page.team" />;
}

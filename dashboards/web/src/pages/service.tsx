import { Stub } from "./stub";

export function ServicePage() {
  return <Stub title="page.service" />;
}

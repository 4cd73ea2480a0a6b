import { Stub } from "./stub";

export function DeveloperPage() {
  return <Stub title="page.developer" />;
}

import { Stub } from "./stub";

export function ReleasePage() {
  return <Stub title="page.release" />;
}

import { Stub } from "./stub";

export function ConnectPage() {
  return <Stub title="page.connect" />;
}

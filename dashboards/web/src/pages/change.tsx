import { Stub } from "./stub";

export function ChangePage() {
  return <Stub title="page.change" />;
}

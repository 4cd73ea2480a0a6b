import { Stub } from "./stub";

export function GuidePage() {
  return <Stub title="page.guide" />;
}

import { Stub } from "./stub";

export function SourcePage() {
  return <Stub title="page.source" />;
}

import { Stub } from "./stub";

export function SourcesPage() {
  return <Stub title="page.sources" />;
}

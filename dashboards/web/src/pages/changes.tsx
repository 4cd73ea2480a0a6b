import { Stub } from "./stub";

export function ChangesPage() {
  return <Stub title="page.changes" />;
}

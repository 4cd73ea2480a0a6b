import { Stub } from "./stub";

export function SearchPage() {
  return <Stub title="page.search" />;
}

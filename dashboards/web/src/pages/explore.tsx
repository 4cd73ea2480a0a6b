import { Stub } from "./stub";

export function ExplorePage() {
  return <Stub title="page.explore" />;
}

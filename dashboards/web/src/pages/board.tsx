import { Stub } from "./stub";

export function BoardPage() {
  return <Stub title="page.board" />;
}

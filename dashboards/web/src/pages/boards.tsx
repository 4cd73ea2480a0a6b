import { Stub } from "./stub";

export function BoardsPage() {
  return <Stub title="page.boards" />;
}

import type { ReactNode } from "react";
import { Button, PageHead, SourceLink } from "../../ui";
import { t } from "../../i18n/t";
import { RawEvents } from "./raw-events";
import { shortId } from "./evidence";

interface RecordHeadProps {
  title: string;
  kicker: ReactNode;
  id: string;
  /** Its state, in badges. */
  state?: ReactNode;
  url?: string | null;
}

/** The head of one deployment, change or incident: its title, id and state, and the ways to its source. */
export function RecordHead({ title, kicker, id, state, url }: RecordHeadProps) {
  const note = (
    <span className="row">
      <code>{shortId(id)}</code>
      {state}
    </span>
  );
  return (
    <PageHead
      title={title}
      kicker={kicker}
      note={note}
      actions={
        <>
          <SourceLink url={url} />
          <RawEvents fact={id} />
          <Button icon="print" onPress={() => print()}>
            {t("ui.print")}
          </Button>
        </>
      }
    />
  );
}

import { useId, type ReactNode } from "react";

interface CardProps {
  title?: ReactNode;
  /** Beside the title: a link, a menu, a choice. */
  actions?: ReactNode;
  /** Below the title, in small. */
  note?: ReactNode;
  /** Without the space around what is in it, for tables. */
  flush?: boolean;
  children: ReactNode;
  className?: string;
  [data: `data-${string}`]: string;
}

/** A section with a title on a surface of its own. */
export function Card({ title, actions, note, flush = false, children, className = "", ...data }: CardProps) {
  const id = useId();
  return (
    <section {...data} className={`card ${flush ? "card-flush" : ""} ${className}`} aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <header className="card-head">
          <div>
            <h2 id={id}>{title}</h2>
            {note !== undefined && <p className="note">{note}</p>}
          </div>
          {actions !== undefined && <div className="card-actions">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** The head of a page: its title, what it is about, and actions. It also names the document. */
export function PageHead({ title, kicker, note, actions }: { title: string; kicker?: ReactNode; note?: ReactNode; actions?: ReactNode }) {
  return (
    <header className="page-head">
      <title>{`${title} · sei`}</title>
      <div>
        {kicker !== undefined && <p className="kicker">{kicker}</p>}
        <h1>{title}</h1>
      </div>
      {actions !== undefined && <div className="page-actions">{actions}</div>}
      {note !== undefined && <p className="note">{note}</p>}
    </header>
  );
}

import { formatNumber, formatShare } from "../../format/value";
import "./parts.css";

/** A part of a whole: its share now and before. */
export interface Share {
  name: string;
  share: number;
  n: number;
  before: number | null;
}

/** Parts of a whole as one bar, with their shares now and before in a table. */
export function ShareBar({ title, shares, heads }: { title: string; shares: Share[]; heads: { name: string; share: string; before: string; n: string } }) {
  return (
    <div className="shares">
      <div className="share-bar" aria-hidden="true">
        {shares.map(({ name, share }, index) => (
          <span key={name} className={`series-${(index % 8) + 1}`} style={{ flexGrow: share }} />
        ))}
      </div>
      <table className="table table-small">
        <caption className="visually-hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{heads.name}</th>
            <th scope="col" className="end">{heads.share}</th>
            <th scope="col" className="end">{heads.before}</th>
            <th scope="col" className="end">{heads.n}</th>
          </tr>
        </thead>
        <tbody>
          {shares.map(({ name, share, before, n }, index) => (
            <tr key={name}>
              <th scope="row">
                <span className={`share-mark series-${(index % 8) + 1}`} aria-hidden="true" />
                {name}
              </th>
              <td className="end">{formatShare(share)}</td>
              <td className="end note">{formatShare(before)}</td>
              <td className="end note">{formatNumber(n)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

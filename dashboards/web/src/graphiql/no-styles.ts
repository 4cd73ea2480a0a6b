/**
 * Stands in for the package `react-style-singleton`, with which dialogs and menus would keep the page behind them from
 * scrolling: by style elements, which the content security policy forbids. The page of GraphiQL does not scroll.
 */
export const styleSingleton = () => () => null;

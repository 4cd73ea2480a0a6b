//! The words that the invented organization is made of.

pub(super) const DEPARTMENTS: [&str; 2] = ["Commerce", "Platform"];

/// Team, its key in the tracker.
pub(super) const TEAMS: [(&str, &str); 8] = [
    ("Checkout", "PAY"),
    ("Infrastructure", "INF"),
    ("Catalog", "CAT"),
    ("Identity", "IDN"),
    ("Fulfilment", "FUL"),
    ("Data", "DAT"),
    ("Growth", "GRO"),
    ("Mobile", "MOB"),
];

pub(super) const SERVICES: [&str; 20] = [
    "checkout",
    "gateway",
    "catalog",
    "accounts",
    "shipping",
    "events",
    "payments",
    "billing",
    "search",
    "sessions",
    "warehouse",
    "reports",
    "web",
    "scheduler",
    "recommendations",
    "notifications",
    "pricing",
    "app",
    "images",
    "feeds",
];

pub(super) const FIRST: [&str; 24] = [
    "mina", "jonas", "aylin", "tomas", "priya", "luca", "sofia", "emre", "hanna", "diego", "noor", "viktor", "chiara",
    "kenji", "amara", "felix", "ines", "pavel", "zoe", "omar", "greta", "rafael", "linh", "ebba",
];

pub(super) const LAST: [&str; 20] = [
    "becker", "moreau", "okafor", "lindholm", "novak", "santos", "yilmaz", "rossi", "haas", "tanaka", "iyer", "kowal",
    "duarte", "olsen", "marin", "achebe", "fischer", "nguyen", "petrov", "vidal",
];

/// What a change does, and its label.
pub(super) const VERBS: [(&str, Option<&str>); 12] = [
    ("Add", Some("feature")),
    ("Fix", Some("bug")),
    ("Improve", Some("enhancement")),
    ("Remove", Some("cleanup")),
    ("Rework", Some("refactoring")),
    ("Speed up", Some("performance")),
    ("Test", Some("tests")),
    ("Simplify", Some("refactoring")),
    ("Retry", Some("bug")),
    ("Cache", Some("performance")),
    ("Log", None),
    ("Validate", Some("feature")),
];

pub(super) const THINGS: [&str; 20] = [
    "address lookup",
    "retry of webhooks",
    "currency rounding",
    "session refresh",
    "product filters",
    "export to CSV",
    "rate limits",
    "cart totals",
    "login by link",
    "image upload",
    "stock levels",
    "tax rules",
    "delivery slots",
    "audit log",
    "search ranking",
    "voucher codes",
    "invoice numbers",
    "feature flags",
    "error pages",
    "health checks",
];

pub(super) const LIBRARIES: [&str; 8] =
    ["tokio", "serde", "axum", "react", "vite", "postgres-client", "openssl", "lodash"];

pub(super) const SYMPTOMS: [&str; 8] = [
    "Error rate above 5 %",
    "Latency above 2 s",
    "Payments fail",
    "Logins fail",
    "Empty search results",
    "Queue grows",
    "Wrong prices shown",
    "Pages return 502",
];

//! What values rest on, as the engine says it.

use async_graphql::SimpleObject;
use serde::Serialize;
use utoipa::ToSchema;

use super::{CaveatCode, EvidenceSource};

/// What a value rests on.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct Basis {
    /// The sources that gave evidence for the verdicts behind it; none for what takes no verdict.
    pub evidence: Vec<EvidenceSource>,
    /// The share of its observations whose ends are known, 0 to 1; null where nothing was observed.
    #[schema(required)]
    pub known: Option<f64>,
}

impl From<dora::Basis> for Basis {
    fn from(from: dora::Basis) -> Self {
        Self { evidence: from.evidence.into_iter().map(Into::into).collect(), known: from.known }
    }
}

/// What a reader must know about a value.
#[derive(Clone, Debug, Serialize, ToSchema, SimpleObject)]
pub struct Caveat {
    /// What it is about, for programs.
    pub code: CaveatCode,
    /// The same for people; names and commands stand between backticks.
    pub text: String,
}

impl From<dora::Caveat> for Caveat {
    fn from(from: dora::Caveat) -> Self {
        Self { code: from.code.into(), text: from.text }
    }
}

//! Passwords: argon2id, on threads that may be busy for long, a bounded number at once.

use std::sync::{Arc, LazyLock};

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use runtime::panics::blocking;
use tokio::sync::Semaphore;
use tokio::time::{Duration, timeout};

use crate::problem::Problem;

/// The fewest characters of a password.
pub const MIN_CHARS: usize = 12;
/// A longer one is refused, in bytes.
pub const MAX_BYTES: usize = 1_024;
/// Hashes that are computed at once, and wait for that: each takes 19 MiB and some hundredths of a second.
const AT_ONCE: usize = 2;
const WAITING: usize = 32;
/// How long one waits for its turn.
const WAIT: Duration = Duration::from_secs(5);

/// What is verified where a name has no password, so that it takes as long as where it has one.
static UNKNOWN: LazyLock<String> = LazyLock::new(|| hash_now("the password of no user").unwrap_or_default());

/// Hashes and verifies passwords. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), places: Arc::new(Semaphore::new(AT_ONCE + WAITING)) }
    }

    /// Whether a password is that of a hash. Without a hash it is not, which takes as long.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        self.work(move || {
            let is_someone = hash.is_some();
            // made once, also where it is not needed
            let unknown = &*UNKNOWN;
            let hash = hash.as_deref().unwrap_or(unknown);
            Argon2::default().verify_password(password.as_bytes(), hash).is_ok() && is_someone
        })
        .await
    }

    /// The hash of a password, which is another each time.
    pub(crate) async fn hash(&self, password: String) -> Result<String, Problem> {
        self.work(move || hash_now(&password)).await?.map_err(|error| Problem::fault(&error))
    }

    /// Waits for a turn. It lasts as long as the work, also if its request was given up.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Problem::too_many_requests())?;
        let turn = timeout(WAIT, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok).ok_or_else(Problem::too_many_requests)?;
        let done = blocking(move || {
            let _until_done = (place, turn);
            work()
        });
        done.await.ok_or_else(Problem::too_many_requests)
    }
}

fn hash_now(password: &str) -> Result<String, argon2::password_hash::Error> {
    Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
}

/// Why a text can't be a password: what was found, and what was expected.
#[must_use]
pub fn refusal(password: &str) -> Option<(String, String)> {
    let chars = password.chars().count();
    if chars < MIN_CHARS {
        Some((format!("a text of {chars} characters"), format!("{MIN_CHARS} or more")))
    } else if password.len() > MAX_BYTES {
        Some((format!("a text of {} bytes", password.len()), format!("{MAX_BYTES} or fewer")))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_of_a_hash_is_right_and_where_there_is_none_all_are_wrong() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse battery".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let verify = async |password: &str, hash: Option<&str>| {
            passwords.verify(password.to_owned(), hash.map(str::to_owned)).await.unwrap()
        };
        assert!(verify("correct horse battery", Some(&hash)).await);
        assert!(!verify("correct horse batterz", Some(&hash)).await);
        assert!(!verify("", Some(&hash)).await && !verify("x", Some("no hash")).await);
        assert!(!verify("the password of no user", None).await);
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert!(refusal("eleven char").is_some() && refusal(&"x".repeat(MAX_BYTES + 1)).is_some());
        assert_eq!(refusal("twelve chars"), None);
    }
}

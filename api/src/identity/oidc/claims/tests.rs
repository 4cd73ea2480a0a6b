use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;
const EXPECTED: Expected<'_> = Expected { issuer: "https://a.example", audience: "sei" };

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

fn claims(changes: &[(&str, Value)]) -> Claims {
    let mut claims = json!({
        "iss": "https://a.example", "sub": "7", "aud": "sei", "exp": NOW + 60, "iat": NOW - 1, "nonce": "n", "sid": "s",
    });
    for (name, value) in changes {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(*name);
        } else {
            claims[*name] = value.clone();
        }
    }
    serde_json::from_value(claims).unwrap()
}

fn identity(changes: &[(&str, Value)]) -> Result<(), TokenError> {
    claims(changes).check_identity(EXPECTED, Some("n"), now())
}

#[test]
fn an_id_token_is_of_the_issuer_for_this_client_now_and_for_this_login() {
    assert_eq!(identity(&[]), Ok(()));
    assert_eq!(identity(&[("aud", json!(["sei", "other"])), ("azp", json!("sei"))]), Ok(()));
    for (name, value, error) in [
        ("iss", json!("https://a.example/"), TokenError::Wrong("iss")),
        ("aud", json!("other"), TokenError::Wrong("aud")),
        ("aud", json!([]), TokenError::Wrong("aud")),
        ("aud", json!(null), TokenError::Wrong("aud")),
        ("aud", json!(["sei", "other"]), TokenError::Missing("azp")),
        ("azp", json!("other"), TokenError::Wrong("azp")),
        ("exp", json!(null), TokenError::Missing("exp")),
        ("iat", json!(null), TokenError::Missing("iat")),
        ("nonce", json!(null), TokenError::Missing("nonce")),
        ("nonce", json!("m"), TokenError::Wrong("nonce")),
        ("sub", json!(null), TokenError::Missing("sub")),
        ("sub", json!(""), TokenError::Missing("sub")),
        ("sub", json!("7".repeat(256)), TokenError::Wrong("sub")),
        ("events", json!({}), TokenError::OtherKind("events")),
    ] {
        assert_eq!(identity(&[(name, value.clone())]), Err(error), "{name} {value}");
    }
}

#[test]
fn clocks_may_differ_by_a_minute() {
    for (name, value, expected) in [
        ("exp", NOW - 59, Ok(())),
        ("exp", NOW - 60, Err(TokenError::Expired)),
        ("nbf", NOW + 60, Ok(())),
        ("nbf", NOW + 61, Err(TokenError::NotYetValid)),
        ("iat", NOW + 60, Ok(())),
        ("iat", NOW + 61, Err(TokenError::NotYetValid)),
    ] {
        assert_eq!(identity(&[(name, json!(value))]), expected, "{name} {value}");
    }
    assert_eq!(identity(&[("exp", json!(1e300))]), Ok(()));
    assert_eq!(identity(&[("exp", json!(-1e300))]), Err(TokenError::Expired));
    assert_eq!(identity(&[("exp", json!(NOW as f64 - 59.5))]), Err(TokenError::Expired));
}

#[test]
fn a_refreshed_id_token_repeats_the_nonce_or_has_none() {
    let refreshed = |nonce: Value| claims(&[("nonce", nonce)]).check_identity(EXPECTED, None, now());
    assert_eq!(refreshed(json!(null)), Ok(()));
    assert_eq!(refreshed(json!("n")), Ok(()));
}

#[test]
fn an_access_token_is_no_other_token_of_the_same_issuer() {
    let access = |changes: &[(&str, Value)]| {
        let own = [("nonce", json!(null)), ("iat", json!(null)), ("scope", json!("read"))];
        claims(&[&own, changes].concat()).check_access(EXPECTED, false, now())
    };
    assert_eq!(access(&[("auth_time", json!(NOW - 5))]), Ok(()));
    assert_eq!(access(&[("aud", json!(["other", "sei"]))]), Ok(()), "its other parties don't matter");
    assert_eq!(access(&[("at_hash", json!("x"))]), Err(TokenError::OtherKind("at_hash")));
    assert_eq!(access(&[("nonce", json!("n"))]), Err(TokenError::OtherKind("nonce")));
    assert_eq!(access(&[("scope", json!(null))]), Err(TokenError::NotForAccess));
    assert_eq!(access(&[("events", json!({ LOGOUT: {} }))]), Err(TokenError::OtherKind("events")));
    for kind in ["ID", "Refresh", "Logout"] {
        assert_eq!(access(&[("typ", json!(kind))]), Err(TokenError::Wrong("typ")), "{kind}");
    }
    assert_eq!(access(&[("exp", json!(null))]), Err(TokenError::Missing("exp")));
    assert_eq!(access(&[("sub", json!(null))]), Err(TokenError::Missing("sub")));
}

#[test]
fn an_access_token_says_in_its_header_or_a_claim_that_it_is_one() {
    let unmarked = |changes: &[(&str, Value)], is_typed| claims(changes).check_access(EXPECTED, is_typed, now());
    // an ID token whose audience is the API
    assert_eq!(unmarked(&[], false), Err(TokenError::OtherKind("nonce")));
    assert_eq!(unmarked(&[("nonce", json!(null))], false), Err(TokenError::NotForAccess));
    assert_eq!(unmarked(&[("nonce", json!(null)), ("scope", json!(null))], false), Err(TokenError::NotForAccess));
    for name in ACCESS_CLAIMS {
        assert_eq!(unmarked(&[("nonce", json!(null)), (name, json!("x"))], false), Ok(()), "{name}");
    }
    assert_eq!(unmarked(&[("typ", json!("Bearer"))], false), Ok(()), "Keycloak before 25 repeats the nonce");
    assert_eq!(unmarked(&[], true), Ok(()));
    assert_eq!(unmarked(&[("at_hash", json!("x"))], true), Err(TokenError::OtherKind("at_hash")));
}

#[test]
fn a_logout_token_says_whose_session_ends_and_is_no_id_token() {
    let logout = |changes: &[(&str, Value)]| {
        let events = json!({ LOGOUT: {} });
        let own = [("nonce", json!(null)), ("events", events), ("jti", json!("j"))];
        claims(&[&own, changes].concat()).check_logout(EXPECTED, now())
    };
    let good = logout(&[]).unwrap();
    assert_eq!((good.sub.as_deref(), good.sid.as_deref(), good.jti.as_str()), (Some("7"), Some("s"), "j"));
    assert_eq!(good.expires_at.timestamp(), NOW - 1 + LOGOUT_AGE + SKEW);
    assert_eq!(logout(&[("sid", json!(null))]).unwrap().sid, None);
    assert_eq!(logout(&[("exp", json!(null))]).unwrap(), good, "older providers set none");
    for (name, value, error) in [
        ("nonce", json!("n"), TokenError::OtherKind("nonce")),
        ("events", json!(null), TokenError::Missing("events")),
        ("events", json!({}), TokenError::Wrong("events")),
        ("events", json!({ LOGOUT: 1 }), TokenError::Wrong("events")),
        ("jti", json!(null), TokenError::Missing("jti")),
        ("iat", json!(NOW - LOGOUT_AGE - SKEW), TokenError::Expired),
        ("iat", json!(null), TokenError::Missing("iat")),
        ("exp", json!(NOW - SKEW), TokenError::Expired),
        ("aud", json!("other"), TokenError::Wrong("aud")),
        ("iss", json!("https://evil.example"), TokenError::Wrong("iss")),
    ] {
        assert_eq!(logout(&[(name, value.clone())]), Err(error), "{name} {value}");
    }
    assert_eq!(logout(&[("sub", json!(null)), ("sid", json!(null))]), Err(TokenError::Missing("sub")));
}

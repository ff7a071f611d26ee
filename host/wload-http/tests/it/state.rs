//! What a user keeps between requests: cookies, default headers, credentials.

use std::rc::Rc;

use wload_core::limits::{HttpLimits, REQUEST_HEADERS_MAX};
use wload_http::{Cookie, CoreHttp, HttpClient, HttpShared, RequestSpec};

use crate::target::{
    Target, client, client_with, get, ok, on_core, outcome, response, settings, spec,
};

#[test]
fn cookies_are_kept_sent_back_and_forgotten() {
    on_core(async || {
        let target = Target::answering(|request| match request.what() {
            "GET /set" => response(
                "200 OK",
                "set-cookie: a=1\r\nset-cookie: b=2; Path=/deep\r\nset-cookie: c=3; Domain=else.test\r\n",
                "",
            ),
            "GET /unset" => response("200 OK", "set-cookie: a=; Max-Age=0; Path=/\r\n", ""),
            _ => ok(""),
        })
        .await;
        let mut client = client(&target);
        for (path, expected) in [
            ("/", None),
            ("/set", None),
            ("/", Some("a=1")),
            ("/deep/er", Some("b=2; a=1")),
            ("/unset", Some("a=1")),
            ("/", None),
            ("/deep", Some("b=2")),
        ] {
            get(&mut client, path).await;
            assert_eq!(target.last().header("cookie").as_deref(), expected, "{path}");
        }
        let own = Cookie { name: "own".into(), value: "x".into(), ..Cookie::default() };
        client.set_cookie(own).unwrap();
        let names: Vec<String> = client.cookies().into_iter().map(|cookie| cookie.name).collect();
        assert_eq!(names, ["own", "b"]);
        get(&mut client, "/").await;
        assert_eq!(target.last().header("cookie").as_deref(), Some("own=x"));
        client.clear_cookies();
        get(&mut client, "/deep").await;
        assert_eq!(target.last().header("cookie"), None);
    });
}

#[test]
fn users_of_a_core_do_not_share_cookies_or_connections() {
    on_core(async || {
        let target = Target::answering(|_| response("200 OK", "set-cookie: sid=1\r\n", "")).await;
        let core = CoreHttp::new(HttpShared::new(settings()).unwrap());
        let mut users = [0; 2].map(|_| HttpClient::new(Rc::clone(&core), None));
        for user in &mut users {
            get(user, &target.url("/")).await;
            assert_eq!(target.last().header("cookie"), None);
        }
        assert_eq!(target.connections(), 2);
    });
}

#[test]
fn default_headers_yield_to_the_requests_own() {
    on_core(async || {
        let target = Target::answering(|_| ok("")).await;
        let mut client = client(&target);
        client.set_default_header("X-Token", Some(b"default".to_vec())).unwrap();
        client.set_default_header("User-Agent", Some(b"mine".to_vec())).unwrap();
        get(&mut client, "/").await;
        assert_eq!(target.last().header("x-token").as_deref(), Some("default"));
        assert_eq!(target.last().header("user-agent").as_deref(), Some("mine"));

        let fields =
            [("x-token", "own"), ("x-token", "twice"), ("accept", "text/html"), ("Host", "h")];
        let headers = fields.map(|(name, value)| (name.to_owned(), value.into())).to_vec();
        client.send_once(RequestSpec { headers, ..spec("GET", "/") }, None).await;
        let last = target.last();
        assert_eq!(last.header("x-token").as_deref(), Some("own | twice"));
        assert_eq!(last.header("accept").as_deref(), Some("text/html"));
        assert_eq!(last.header("host").as_deref(), Some("h"));

        client.set_default_header("x-token", None).unwrap();
        client.set_default_header("user-agent", None).unwrap();
        get(&mut client, "/").await;
        assert_eq!(target.last().header("x-token"), None);
        assert_eq!(target.last().header("user-agent").as_deref(), Some("wload/0.1"));

        assert!(client.set_default_header("a b", Some(b"c".to_vec())).is_err());
        assert!(client.set_default_header("a", Some(b"c\n".to_vec())).is_err());
        for number in 0..REQUEST_HEADERS_MAX {
            client.set_default_header(&format!("h{number}"), Some(b"1".to_vec())).unwrap();
        }
        assert!(client.set_default_header("more", Some(b"1".to_vec())).is_err());
        client.set_default_header("h0", Some(b"2".to_vec())).unwrap();
    });
}

#[test]
fn a_length_that_the_scenario_sets_is_replaced_by_the_true_one() {
    on_core(async || {
        let target = Target::answering(|_| ok("")).await;
        let headers = vec![("Content-Length".to_owned(), b"99".to_vec())];
        let request = RequestSpec { headers, ..spec("POST", "/") };
        let exchange = client(&target).send_once(request, Some(b"abc".to_vec())).await;
        assert_eq!(outcome(&exchange), "200");
        assert_eq!(target.last().header("content-length").as_deref(), Some("3"));
    });
}

#[test]
fn user_and_password_of_a_url_are_basic_authorization() {
    on_core(async || {
        let target = Target::answering(|_| ok("")).await;
        let with_user = target.url("").replace("http://", "http://user:pass@");
        let mut client = client_with(Some(&with_user), HttpLimits::default());
        let expected = Some("Basic dXNlcjpwYXNz".to_owned());
        let exchange = get(&mut client, "/x").await;
        assert_eq!(target.last().header("authorization"), expected);
        assert_eq!(exchange.url(), target.url("/x"));
        get(&mut client, &target.url("/")).await;
        assert_eq!(target.last().header("authorization"), expected);
        let other = Target::answering(|_| ok("")).await;
        get(&mut client, &other.url("/")).await;
        assert_eq!(other.last().header("authorization"), None);
        let mut plain = client_with(None, HttpLimits::default());
        get(&mut plain, &format!("{with_user}/y")).await;
        assert_eq!(target.last().header("authorization"), expected);
    });
}

//! Chains of redirects: one exchange, as python-requests would do it.

use wload_http::RequestSpec;

use crate::target::{Received, Target, client, get, ok, on_core, outcome, response, spec};

fn redirect(status: u16, location: &str) -> Vec<u8> {
    response(&format!("{status} X"), &format!("location: {location}\r\n"), "moved")
}

#[test]
fn each_status_changes_method_and_body_as_it_should() {
    on_core(async || {
        let target = Target::answering(|request| match request.what().split_once("/from") {
            Some((_, status)) => redirect(status.parse().unwrap(), "/to"),
            None => ok("there"),
        })
        .await;
        let mut client = client(&target);
        for (status, method, then, body) in [
            (301, "POST", "GET /to", ""),
            (301, "PUT", "PUT /to", ""),
            (302, "POST", "GET /to", ""),
            (303, "PUT", "GET /to", ""),
            (307, "POST", "POST /to", "data"),
            (308, "PATCH", "PATCH /to", "data"),
        ] {
            let mut request = spec(method, &format!("/from{status}"));
            request.headers = vec![("content-type".into(), b"text/plain".to_vec())];
            let exchange = client.send_once(request, Some(b"data".to_vec())).await;
            assert_eq!((exchange.status, &exchange.body[..]), (200, &b"there"[..]));
            let last: Received = target.last();
            assert_eq!((last.what(), &last.body[..]), (then, body.as_bytes()), "{status} {method}");
            assert_eq!(last.header("content-type").is_some(), !body.is_empty(), "{status}");
            let hop = &exchange.history[0];
            assert_eq!((hop.status, hop.location.as_str()), (status, "/to"));
            assert_eq!(hop.url, target.url(&format!("/from{status}")));
            assert_eq!(exchange.url(), target.url("/to"));
            assert!(exchange.timings.connection_reused);
        }
        assert_eq!(target.connections(), 1);
    });
}

#[test]
fn a_chain_ends_at_its_limit_and_zero_means_none() {
    on_core(async || {
        let target = Target::answering(|request| {
            let number: u32 = request.what().rsplit('/').next().unwrap().parse().unwrap();
            redirect(302, &format!("/{}", number + 1))
        })
        .await;
        let mut client = client(&target);
        let limited = |redirects| RequestSpec { redirects, ..spec("GET", "/0") };

        let endless = client.send_once(limited(None), None).await;
        assert_eq!(outcome(&endless), "too many redirects (more than 30)");
        assert_eq!((endless.history.len(), target.requests().len()), (30, 31));

        let short = client.send_once(limited(Some(2)), None).await;
        assert_eq!(outcome(&short), "too many redirects (more than 2)");
        assert_eq!(short.url(), target.url("/2"));

        let none = client.send_once(limited(Some(0)), None).await;
        assert_eq!((none.status, none.history.len(), &none.body[..]), (302, 0, &b"moved"[..]));
        assert_eq!(none.failure("/"), None);

        let head = client.send_once(spec("HEAD", "/0"), None).await;
        assert_eq!((head.status, head.history.len()), (302, 0));
    });
}

#[test]
fn credentials_are_not_carried_to_another_origin() {
    on_core(async || {
        let other = Target::answering(|_| ok("")).await;
        let away = other.url("/away");
        let target = Target::answering(move |request| match request.what() {
            "GET /out" => redirect(302, &away),
            "GET /in" => redirect(302, "/away"),
            _ => ok(""),
        })
        .await;
        let mut client = client(&target);
        client.set_default_header("x-key", Some(b"kept".to_vec())).unwrap();
        for (path, last, credentials) in
            [("/in", &target, Some("secret".to_owned())), ("/out", &other, None)]
        {
            let mut request = spec("GET", path);
            request.headers = vec![("Authorization".into(), b"secret".to_vec())];
            assert_eq!(outcome(&client.send_once(request, None).await), "200");
            let last = last.last();
            assert_eq!((last.what(), last.header("authorization")), ("GET /away", credentials));
            assert_eq!(last.header("x-key").as_deref(), Some("kept"));
        }
        assert_eq!(other.last().header("host"), Some(other.address.to_string()));
    });
}

#[test]
fn redirects_to_nowhere_are_errors_of_the_response() {
    on_core(async || {
        for (location, expected) in [
            ("ftp://h/x", "malformed response: redirect to a scheme that is not http or https"),
            ("http://[::1/x", "malformed response: redirect to what is not a URL"),
        ] {
            let target = Target::answering(move |_| redirect(302, location)).await;
            assert_eq!(outcome(&get(&mut client(&target), "/").await), expected);
        }
        let target = Target::answering(|_| response("302 Found", "", "no location")).await;
        assert_eq!(outcome(&get(&mut client(&target), "/").await), "302");
    });
}

#[test]
fn cookies_of_a_redirect_are_sent_by_the_next_request() {
    on_core(async || {
        let target = Target::answering(|request| match request.what() {
            "POST /login" => {
                response("303 See Other", "location: /home\r\nset-cookie: sid=1; Path=/\r\n", "")
            }
            _ => ok(""),
        })
        .await;
        let mut request = spec("POST", "/login");
        request.headers = vec![("cookie".into(), b"own=1".to_vec())];
        client(&target).send_once(request, Some(b"user".to_vec())).await;
        let log = target.log.borrow();
        assert_eq!(log[0].header("cookie").as_deref(), Some("own=1"));
        assert_eq!(log[1].header("cookie").as_deref(), Some("sid=1"));
    });
}

//! The shop as a customer finds it.

use serde_json::json;

use crate::client::{Client, start};

const LOGIN: &str = r#"{"username":"ann","password":"secret"}"#;

#[test]
fn a_customer_logs_in_looks_around_fills_a_cart_and_orders() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    assert_eq!(client.get("/").text(), "wload demo shop\n");

    let login = client.post("/login", LOGIN);
    assert_eq!(login.status, 200);
    let token = login.json()["token"].as_str().unwrap().to_owned();
    let cookie = login.header("set-cookie").unwrap();
    assert_eq!(cookie, format!("session={token}; Path=/; HttpOnly"));
    let bearer = format!("Bearer {token}");
    let authorized = [("authorization", bearer.as_str())];

    let list = client.get("/products?category=books&limit=3").json();
    let listed = list["products"].as_array().unwrap();
    assert_eq!(listed.len(), 3);
    let id = listed[1]["id"].as_u64().unwrap();
    let product = client.get(&format!("/products/{id}")).json();
    assert_eq!(product, listed[1]);
    let name = product["name"].as_str().unwrap().replace(' ', "+").to_uppercase();
    assert_eq!(client.get(&format!("/search?q={name}")).json(), json!({ "products": [product] }));

    let item = json!({ "product_id": id, "quantity": 2 }).to_string();
    client.send("POST", "/cart", &authorized, item.as_bytes());
    let one_more = json!({ "product_id": id }).to_string();
    let cart = client.send("POST", "/cart", &authorized, one_more.as_bytes()).json();
    let price = product["price_cents"].as_u64().unwrap();
    let expected = json!({
        "items": [{
            "product_id": id, "name": product["name"], "quantity": 3, "price_cents": price,
        }],
        "total_cents": price * 3,
    });
    assert_eq!(cart, expected);
    assert_eq!(client.send("GET", "/cart", &authorized, b"").json(), expected);

    let order = client.send("POST", "/orders", &authorized, b"");
    assert_eq!(order.status, 201);
    assert_eq!(order.json(), json!({ "order_id": 1, "total_cents": price * 3 }));
    let again = client.send("POST", "/orders", &authorized, b"");
    assert_eq!((again.status, again.error().as_str()), (400, "the cart is empty"));
    assert_eq!(target.counts().connections_opened, 1);
}

#[test]
fn customers_do_not_see_the_carts_of_others() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    let log_in = |client: &mut Client<_>| {
        let login = client.post("/login", LOGIN).json();
        (format!("Bearer {}", login["token"].as_str().unwrap()), login["user_id"].clone())
    };
    let ((ann, ann_id), (twin, twin_id)) = (log_in(&mut client), log_in(&mut client));
    assert_ne!(ann, twin, "every log-in has a session of its own");
    assert_eq!(ann_id, twin_id, "the same name is the same user");
    client.send("POST", "/cart", &[("authorization", &ann)], br#"{"product_id":1}"#);
    let cart = client.send("GET", "/cart", &[("authorization", &twin)], b"").json();
    assert_eq!(cart, json!({ "items": [], "total_cents": 0 }));
}

#[test]
fn the_shop_says_what_is_wrong() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    let login = client.post("/login", LOGIN).json();
    let bearer = format!("bearer {}", login["token"].as_str().unwrap());
    let right: &[(&str, &str)] = &[("authorization", &bearer)];
    let wrong: &[(&str, &str)] = &[("authorization", "Bearer 0000000000000000")];
    for (method, path, headers, body, status, part) in [
        ("POST", "/login", right, r#"{"username":"a","password":"wrong"}"#, 401, "password"),
        ("POST", "/login", right, r#"{"username":"a"}"#, 400, "missing field `password`"),
        ("POST", "/login", right, "", 400, "expected {\"username\""),
        ("GET", "/products?limit=-1", right, "", 400, "`limit` is `-1`"),
        ("GET", "/products/0", right, "", 404, "no product has the id `0`"),
        ("GET", "/products/x", right, "", 404, "no product has the id `x`"),
        ("GET", "/search", right, "", 400, "`q` is missing"),
        ("GET", "/cart", &[], "", 401, "not logged in"),
        ("GET", "/cart", wrong, "", 401, "not logged in"),
        ("POST", "/cart", wrong, "not JSON", 401, "not logged in"),
        ("POST", "/cart", right, "not JSON", 400, "expected {\"product_id\""),
        ("POST", "/cart", right, r#"{"product_id":101}"#, 404, "no product has the id 101"),
        ("POST", "/cart", right, r#"{"product_id":1,"quantity":0}"#, 400, "quantity"),
        ("POST", "/orders", &[], "", 401, "not logged in"),
        ("GET", "/nowhere", right, "", 404, "there is no route `/nowhere`"),
    ] {
        let answer = client.send(method, path, headers, body.as_bytes());
        assert_eq!(answer.status, status, "{method} {path}");
        let error = answer.error();
        assert!(error.contains(part), "{method} {path}: {error}");
    }
}

#[test]
fn a_wrong_method_is_answered_with_the_right_ones() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    for (method, path, allowed) in [
        ("DELETE", "/", "GET, HEAD"),
        ("POST", "/products/1", "GET, HEAD"),
        ("GET", "/login", "POST"),
        ("GET", "/orders", "POST"),
        ("PUT", "/cart", "GET, HEAD, POST"),
    ] {
        let answer = client.send(method, path, &[], b"");
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)), "{path}");
        assert_eq!(answer.error(), format!("this route has only {allowed}"));
    }
}

#[test]
fn head_is_answered_as_get_without_the_body() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    for path in ["/", "/products/7", "/bytes/5000", "/products/0"] {
        let (get, head) = (client.get(path), client.send("HEAD", path, &[], b""));
        assert_eq!(head.status, get.status, "{path}");
        for name in ["content-type", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
    let counts = target.counts();
    assert_eq!(counts.routes["HEAD /bytes/{n}"].response_body_bytes, 0);
    assert_eq!(counts.routes["GET /bytes/{n}"].response_body_bytes, 5000);
}

#[test]
fn an_order_that_finds_nothing_left_leaves_the_cart_full() {
    let target = start(|config| config.out_of_stock_rate = 1.0);
    let mut client = Client::new(&target);
    let login = client.post("/login", LOGIN).json();
    let bearer = format!("Bearer {}", login["token"].as_str().unwrap());
    let authorized: &[(&str, &str)] = &[("authorization", &bearer)];
    client.send("POST", "/cart", authorized, br#"{"product_id":5}"#);
    for _ in 0..2 {
        let order = client.send("POST", "/orders", authorized, b"");
        assert_eq!((order.status, order.error().as_str()), (409, "out of stock"));
    }
}

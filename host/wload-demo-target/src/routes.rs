//! Which request goes where, and the answers of the shop.
//!
//! Upstream: `server` has read the request. Downstream: `catalog` and `shop`; the answers that have
//! nothing to do with a shop are in `tools`.

use bytes::Bytes;
use hyper::header::{ALLOW, AUTHORIZATION, HeaderValue, SET_COOKIE};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::reply::Reply;
use crate::server::Target;
use crate::shop::Refusal;
use crate::tools;

/// Everything that is counted for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Home,
    Login,
    Products,
    Product,
    Search,
    Cart,
    Orders,
    Ok,
    Status,
    Fail,
    Bytes,
    Delay,
    Echo,
    Redirect,
    Cookies,
    Gzip,
    Log,
    Unknown,
}

impl Route {
    /// All routes, in the order of their numbers.
    pub(crate) const ALL: [Route; 18] = [
        Route::Home,
        Route::Login,
        Route::Products,
        Route::Product,
        Route::Search,
        Route::Cart,
        Route::Orders,
        Route::Ok,
        Route::Status,
        Route::Fail,
        Route::Bytes,
        Route::Delay,
        Route::Echo,
        Route::Redirect,
        Route::Cookies,
        Route::Gzip,
        Route::Log,
        Route::Unknown,
    ];

    /// How the route is called in the counts.
    pub(crate) fn pattern(self) -> &'static str {
        match self {
            Route::Home => "/",
            Route::Login => "/login",
            Route::Products => "/products",
            Route::Product => "/products/{id}",
            Route::Search => "/search",
            Route::Cart => "/cart",
            Route::Orders => "/orders",
            Route::Ok => "/ok",
            Route::Status => "/status/{code}",
            Route::Fail => "/fail/{code}",
            Route::Bytes => "/bytes/{n}",
            Route::Delay => "/delay/{ms}",
            Route::Echo => "/echo",
            Route::Redirect => "/redirect/{n}",
            Route::Cookies => "/cookies",
            Route::Gzip => "/gzip",
            Route::Log => "/log/{step}",
            Route::Unknown => "(no route)",
        }
    }

    /// The route of a path, with what stands in the place of its parameter.
    pub(crate) fn find(path: &str) -> (Route, &str) {
        let rest = path.strip_prefix('/').unwrap_or(path);
        let (first, argument) = match rest.split_once('/') {
            Some((first, argument)) => (first, Some(argument)),
            None => (rest, None),
        };
        let route = match (first, argument) {
            ("", None) => Route::Home,
            ("login", None) => Route::Login,
            ("products", None) => Route::Products,
            ("products", Some(_)) => Route::Product,
            ("search", None) => Route::Search,
            ("cart", None) => Route::Cart,
            ("orders", None) => Route::Orders,
            ("ok", None) => Route::Ok,
            ("status", Some(_)) => Route::Status,
            ("fail", Some(_)) => Route::Fail,
            ("bytes", Some(_)) => Route::Bytes,
            ("delay", Some(_)) => Route::Delay,
            ("echo", None) => Route::Echo,
            ("redirect", Some(_)) => Route::Redirect,
            ("cookies", None) => Route::Cookies,
            ("gzip", None) => Route::Gzip,
            ("log", Some(_)) => Route::Log,
            _ => Route::Unknown,
        };
        (route, argument.unwrap_or_default())
    }
}

/// The answer to a request that was read.
pub(crate) fn answer(
    target: &Target,
    route: Route,
    argument: &str,
    request: &Parts,
    body: Bytes,
) -> Reply {
    // HEAD is answered as GET; `server` takes the body away.
    let get = request.method == Method::GET || request.method == Method::HEAD;
    let post = request.method == Method::POST;
    let query = request.uri.query().unwrap_or_default();
    match route {
        Route::Home if get => Reply::text(StatusCode::OK, "wload demo shop\n"),
        Route::Login if post => log_in(target, &body),
        Route::Products if get => list_products(target, query),
        Route::Product if get => match argument.parse().ok().and_then(|id| target.catalog.body(id))
        {
            Some(body) => Reply::json_text(body),
            None => Reply::error(
                StatusCode::NOT_FOUND,
                format_args!("no product has the id `{argument}`"),
            ),
        },
        Route::Search if get => match parameter(query, "q") {
            Some(text) => Reply::json_text(target.catalog.search(&text)),
            None => Reply::bad_request("the parameter `q` is missing, as in /search?q=lamp"),
        },
        Route::Cart if get => match target.shop.cart(&target.catalog, token(request)) {
            Ok(cart) => Reply::json(StatusCode::OK, &cart),
            Err(refusal) => refuse(&refusal),
        },
        Route::Cart if post => add_to_cart(target, request, &body),
        Route::Orders if post => place_order(target, request),
        Route::Home | Route::Products | Route::Product | Route::Search => wrong_method("GET, HEAD"),
        Route::Login | Route::Orders => wrong_method("POST"),
        Route::Cart => wrong_method("GET, HEAD, POST"),
        Route::Unknown => Reply::error(
            StatusCode::NOT_FOUND,
            format_args!("there is no route `{}`", request.uri.path()),
        ),
        _ => tools::answer(target, route, argument, request, body),
    }
}

#[derive(Deserialize)]
struct LoginRequest {
    username: String,
    password: String,
}

#[derive(Serialize)]
struct LoginAnswer {
    token: String,
    user_id: u32,
}

fn log_in(target: &Target, body: &[u8]) -> Reply {
    let login: LoginRequest = match serde_json::from_slice(body) {
        Ok(login) => login,
        Err(error) => {
            return Reply::bad_request(format_args!(
                "expected {{\"username\":\"...\",\"password\":\"...\"}}: {error}"
            ));
        }
    };
    if login.password == "wrong" {
        return Reply::error(StatusCode::UNAUTHORIZED, "the password is wrong");
    }
    let token = target.shop.log_in();
    let cookie = HeaderValue::try_from(format!("session={token}; Path=/; HttpOnly"))
        .expect("a token has only hexadecimal digits");
    let user_id = user_id(&login.username);
    Reply::json(StatusCode::OK, &LoginAnswer { token, user_id }).with(SET_COOKIE, cookie)
}

/// The same for the same name: FNV-1a, so that no table of names has to grow.
fn user_id(username: &str) -> u32 {
    username
        .bytes()
        .fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn list_products(target: &Target, query: &str) -> Reply {
    let limit = match parameter(query, "limit") {
        None => usize::MAX,
        Some(text) => match text.parse() {
            Ok(limit) => limit,
            Err(_) => {
                return Reply::bad_request(format_args!(
                    "the parameter `limit` is `{text}`: expected a whole number"
                ));
            }
        },
    };
    let category = parameter(query, "category");
    Reply::json_text(target.catalog.list(category.as_deref(), limit))
}

#[derive(Deserialize)]
struct CartRequest {
    product_id: u32,
    #[serde(default = "one")]
    quantity: u32,
}

fn one() -> u32 {
    1
}

fn add_to_cart(target: &Target, request: &Parts, body: &[u8]) -> Reply {
    let token = token(request);
    // Who is not logged in hears that first, whatever was sent.
    if let Err(refusal) = target.shop.cart(&target.catalog, token) {
        return refuse(&refusal);
    }
    let CartRequest { product_id, quantity } = match serde_json::from_slice(body) {
        Ok(item) => item,
        Err(error) => {
            return Reply::bad_request(format_args!(
                "expected {{\"product_id\":1,\"quantity\":1}}: {error}"
            ));
        }
    };
    match target.shop.add(&target.catalog, token, product_id, quantity) {
        Ok(cart) => Reply::json(StatusCode::OK, &cart),
        Err(refusal) => refuse(&refusal),
    }
}

fn place_order(target: &Target, request: &Parts) -> Reply {
    let out_of_stock = || target.chance.happens(target.config.out_of_stock_rate);
    match target.shop.order(&target.catalog, token(request), out_of_stock) {
        Ok(order) => Reply::json(StatusCode::CREATED, &order),
        Err(refusal) => refuse(&refusal),
    }
}

fn refuse(refusal: &Refusal) -> Reply {
    let status = match refusal {
        Refusal::NotLoggedIn => StatusCode::UNAUTHORIZED,
        Refusal::UnknownProduct(_) => StatusCode::NOT_FOUND,
        Refusal::Quantity | Refusal::EmptyCart => StatusCode::BAD_REQUEST,
        Refusal::OutOfStock => StatusCode::CONFLICT,
    };
    Reply::error(status, refusal)
}

fn wrong_method(allowed: &'static str) -> Reply {
    Reply::error(StatusCode::METHOD_NOT_ALLOWED, format_args!("this route has only {allowed}"))
        .with(ALLOW, HeaderValue::from_static(allowed))
}

/// The first parameter of this name, decoded.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn token(request: &Parts) -> Option<&str> {
    let value = request.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_route_and_parameter() {
        for (path, route, argument) in [
            ("/", Route::Home, ""),
            ("/products", Route::Products, ""),
            ("/products/7", Route::Product, "7"),
            ("/products/7/x", Route::Product, "7/x"),
            ("/status/418", Route::Status, "418"),
            ("/status", Route::Unknown, ""),
            ("/ok", Route::Ok, ""),
            ("/ok/", Route::Unknown, ""),
            ("/log/a%20b", Route::Log, "a%20b"),
            ("*", Route::Unknown, ""),
            ("//", Route::Unknown, ""),
        ] {
            assert_eq!(Route::find(path), (route, argument), "{path}");
        }
    }

    #[test]
    fn the_number_of_a_route_is_its_place_and_its_pattern_leads_to_it() {
        for (place, route) in Route::ALL.into_iter().enumerate() {
            assert_eq!(route as usize, place);
            assert_eq!(Route::find(route.pattern()).0, route);
        }
    }

    #[test]
    fn parameters_are_decoded() {
        let query = "a=1&q=red+la%6Dp&q=2";
        assert_eq!(parameter(query, "q").as_deref(), Some("red lamp"));
        assert_eq!(parameter(query, "b"), None);
    }
}

//! Who is logged in and what is in their carts.
//!
//! Upstream: `catalog` has the prices. Downstream: `routes` answers from it.
//! At most `MAX_SESSIONS` sessions are kept: the oldest ends when a new one needs its place.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::catalog::Catalog;
use crate::chance::Chance;
use crate::limits::{MAX_QUANTITY, MAX_SESSIONS};

/// Tokens must not be the numbers the chances of the same seed are drawn from.
const TOKEN_SEED: u64 = 0x746F_6B65_6E73;

/// The state of the shop that requests change.
#[derive(Debug)]
pub(crate) struct Shop {
    tokens: Chance,
    sessions: Mutex<Sessions>,
}

#[derive(Debug, Default)]
struct Sessions {
    carts: HashMap<u64, Cart>,
    oldest_first: VecDeque<u64>,
    orders: u64,
}

/// Quantities by product.
type Cart = BTreeMap<u32, u32>;

/// What is in a cart.
#[derive(Debug, Serialize)]
pub(crate) struct CartView<'a> {
    pub(crate) items: Vec<CartItem<'a>>,
    pub(crate) total_cents: u64,
}

/// One product in a cart.
#[derive(Debug, Serialize)]
pub(crate) struct CartItem<'a> {
    product_id: u32,
    name: &'a str,
    quantity: u32,
    price_cents: u64,
}

/// An order that was placed.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Order {
    order_id: u64,
    total_cents: u64,
}

/// Why the shop refuses.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("not logged in: send `Authorization: Bearer TOKEN` with the token of /login")]
    NotLoggedIn,
    #[error("no product has the id {0}")]
    UnknownProduct(u32),
    #[error("the quantity must be from 1 to {MAX_QUANTITY} in all")]
    Quantity,
    #[error("the cart is empty")]
    EmptyCart,
    #[error("out of stock")]
    OutOfStock,
}

impl Shop {
    pub(crate) fn new(seed: u64) -> Self {
        Self { tokens: Chance::new(seed ^ TOKEN_SEED), sessions: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        // Every change is a single step, so a panic elsewhere leaves nothing half done.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session and gives its token.
    pub(crate) fn log_in(&self) -> String {
        // The sequence visits every number once, so tokens never repeat.
        let token = self.tokens.next();
        let mut sessions = self.lock();
        if sessions.oldest_first.len() >= MAX_SESSIONS
            && let Some(oldest) = sessions.oldest_first.pop_front()
        {
            sessions.carts.remove(&oldest);
        }
        sessions.oldest_first.push_back(token);
        sessions.carts.insert(token, Cart::new());
        format!("{token:016x}")
    }

    /// What is in the cart of this token.
    pub(crate) fn cart<'a>(
        &self,
        catalog: &'a Catalog,
        token: Option<&str>,
    ) -> Result<CartView<'a>, Refusal> {
        let mut sessions = self.lock();
        let cart = sessions.cart_of(token)?;
        Ok(view(catalog, cart))
    }

    /// Puts a product in the cart of this token.
    pub(crate) fn add<'a>(
        &self,
        catalog: &'a Catalog,
        token: Option<&str>,
        product_id: u32,
        quantity: u32,
    ) -> Result<CartView<'a>, Refusal> {
        let mut sessions = self.lock();
        let cart = sessions.cart_of(token)?;
        catalog.product(product_id).ok_or(Refusal::UnknownProduct(product_id))?;
        let before = cart.get(&product_id).copied().unwrap_or(0);
        let after = before.saturating_add(quantity);
        if quantity == 0 || after > MAX_QUANTITY {
            return Err(Refusal::Quantity);
        }
        cart.insert(product_id, after);
        Ok(view(catalog, cart))
    }

    /// Orders what is in the cart and empties it, unless `out_of_stock` says otherwise; that is only
    /// asked for an order that is right.
    pub(crate) fn order(
        &self,
        catalog: &Catalog,
        token: Option<&str>,
        out_of_stock: impl FnOnce() -> bool,
    ) -> Result<Order, Refusal> {
        let mut sessions = self.lock();
        let cart = sessions.cart_of(token)?;
        let total_cents = view(catalog, cart).total_cents;
        if cart.is_empty() {
            return Err(Refusal::EmptyCart);
        }
        if out_of_stock() {
            return Err(Refusal::OutOfStock);
        }
        cart.clear();
        sessions.orders += 1;
        Ok(Order { order_id: sessions.orders, total_cents })
    }
}

impl Sessions {
    fn cart_of(&mut self, token: Option<&str>) -> Result<&mut Cart, Refusal> {
        token
            .filter(|token| token.len() == 16)
            .and_then(|token| u64::from_str_radix(token, 16).ok())
            .and_then(|token| self.carts.get_mut(&token))
            .ok_or(Refusal::NotLoggedIn)
    }
}

fn view<'a>(catalog: &'a Catalog, cart: &Cart) -> CartView<'a> {
    let items: Vec<CartItem<'a>> = cart
        .iter()
        .filter_map(|(product_id, quantity)| {
            let product = catalog.product(*product_id)?;
            Some(CartItem {
                product_id: product.id,
                name: &product.name,
                quantity: *quantity,
                price_cents: product.price_cents,
            })
        })
        .collect();
    let total_cents = items.iter().map(|item| item.price_cents * u64::from(item.quantity)).sum();
    CartView { items, total_cents }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_takes_the_cart_and_a_refused_one_leaves_it() {
        let (shop, catalog) = (Shop::new(1), Catalog::new());
        let token = shop.log_in();
        let token = Some(token.as_str());
        assert_eq!(shop.order(&catalog, token, || false), Err(Refusal::EmptyCart));
        shop.add(&catalog, token, 1, 2).unwrap();
        let total = shop.add(&catalog, token, 3, 1).unwrap().total_cents;
        assert_eq!(shop.order(&catalog, token, || true), Err(Refusal::OutOfStock));
        assert_eq!(shop.cart(&catalog, token).unwrap().items.len(), 2);
        let order = shop.order(&catalog, token, || false).unwrap();
        assert_eq!(order, Order { order_id: 1, total_cents: total });
        assert!(shop.cart(&catalog, token).unwrap().items.is_empty());
    }

    #[test]
    fn broken_tokens_products_and_quantities_are_refused() {
        let (shop, catalog) = (Shop::new(1), Catalog::new());
        let token = shop.log_in();
        for broken in [None, Some(""), Some("x"), Some("+00000000000000a"), Some(&token[1..])] {
            let refusal = shop.cart(&catalog, broken).unwrap_err();
            assert_eq!(refusal, Refusal::NotLoggedIn, "{broken:?}");
        }
        for (product, quantity, expected) in [
            (0, 1, Refusal::UnknownProduct(0)),
            (101, 1, Refusal::UnknownProduct(101)),
            (1, 0, Refusal::Quantity),
            (1, MAX_QUANTITY + 1, Refusal::Quantity),
            (1, u32::MAX, Refusal::Quantity),
        ] {
            let refused = shop.add(&catalog, Some(&token), product, quantity);
            assert_eq!(refused.unwrap_err(), expected);
        }
    }

    #[test]
    fn the_oldest_session_ends_when_there_are_too_many() {
        let (shop, catalog) = (Shop::new(1), Catalog::new());
        let (first, second) = (shop.log_in(), shop.log_in());
        for _ in 2..=MAX_SESSIONS {
            shop.log_in();
        }
        assert!(shop.cart(&catalog, Some(&first)).is_err());
        assert!(shop.cart(&catalog, Some(&second)).is_ok());
        assert_eq!(shop.lock().carts.len(), MAX_SESSIONS);
    }
}

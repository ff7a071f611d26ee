//! The products of the shop, with the bodies of all lists made once at the start.
//!
//! Upstream: nothing. Downstream: `shop` takes prices from here, `routes` takes bodies.

use bytes::Bytes;
use serde::Serialize;

use crate::limits::MAX_SEARCH_RESULTS;

/// Names are made of these: five adjectives by five nouns for each category.
const ADJECTIVES: [&str; 5] = ["Small", "Red", "Classic", "Smart", "Royal"];
const CATEGORIES: [(&str, [&str; 5]); 4] = [
    ("electronics", ["Laptop", "Phone", "Camera", "Speaker", "Monitor"]),
    ("books", ["Novel", "Atlas", "Cookbook", "Dictionary", "Biography"]),
    ("toys", ["Robot", "Puzzle", "Kite", "Train", "Doll"]),
    ("garden", ["Shovel", "Lamp", "Bench", "Hose", "Planter"]),
];

/// One product.
#[derive(Debug, Serialize)]
pub(crate) struct Product {
    pub(crate) id: u32,
    pub(crate) name: String,
    category: &'static str,
    pub(crate) price_cents: u64,
    stock: u32,
}

/// All products and the bodies that show them.
#[derive(Debug)]
pub(crate) struct Catalog {
    products: Vec<Product>,
    /// The JSON of each product.
    bodies: Vec<Bytes>,
    /// Names in lower case, for the search.
    search_names: Vec<String>,
    /// The lists of all products with 0, 1, 2 ... of them.
    all: Vec<Bytes>,
    /// The same for each category.
    by_category: Vec<(&'static str, Vec<Bytes>)>,
}

impl Catalog {
    pub(crate) fn new() -> Self {
        let products: Vec<Product> = (0..100).map(make_product).collect();
        let bodies: Vec<Bytes> = products
            .iter()
            .map(|product| {
                let json = serde_json::to_vec(product).expect("a product has only plain fields");
                Bytes::from(json)
            })
            .collect();
        let bodies_in = |category: &str| -> Vec<Bytes> {
            let pairs = products.iter().zip(&bodies);
            let of_category = pairs.filter(|(product, _)| product.category == category);
            of_category.map(|(_, body)| body.clone()).collect()
        };
        Self {
            all: make_lists(&bodies),
            by_category: CATEGORIES
                .iter()
                .map(|(category, _)| (*category, make_lists(&bodies_in(category))))
                .collect(),
            search_names: products.iter().map(|product| product.name.to_lowercase()).collect(),
            products,
            bodies,
        }
    }

    /// The product with this id, if there is one.
    pub(crate) fn product(&self, id: u32) -> Option<&Product> {
        self.products.get(index_of(id)?)
    }

    /// The JSON of the product with this id, if there is one.
    pub(crate) fn body(&self, id: u32) -> Option<Bytes> {
        self.bodies.get(index_of(id)?).cloned()
    }

    /// The list of the first `limit` products, of one category or of all; an unknown category is empty.
    pub(crate) fn list(&self, category: Option<&str>, limit: usize) -> Bytes {
        let lists = match category {
            None => &self.all,
            Some(asked) => match self.by_category.iter().find(|(name, _)| *name == asked) {
                Some((_, lists)) => lists,
                None => return self.all[0].clone(),
            },
        };
        lists[limit.min(lists.len() - 1)].clone()
    }

    /// The list of products with `text` in their name, whatever the case.
    pub(crate) fn search(&self, text: &str) -> Bytes {
        let text = text.to_lowercase();
        let found = self.search_names.iter().zip(&self.bodies);
        let found = found.filter(|(name, _)| name.contains(&text));
        let bodies: Vec<&Bytes> = found.map(|(_, body)| body).take(MAX_SEARCH_RESULTS).collect();
        make_list(bodies)
    }
}

fn index_of(id: u32) -> Option<usize> {
    usize::try_from(id).ok()?.checked_sub(1)
}

fn make_product(index: u32) -> Product {
    let place = index as usize;
    let (category, nouns) = CATEGORIES[place % CATEGORIES.len()];
    let of_category = place / CATEGORIES.len();
    let adjective = ADJECTIVES[of_category / nouns.len()];
    let noun = nouns[of_category % nouns.len()];
    Product {
        id: index + 1,
        name: format!("{adjective} {noun}"),
        category,
        // A prime spreads the prices, so that totals of different carts differ.
        price_cents: 199 + u64::from(index) * 7_919 % 20_000,
        stock: 10 + index * 31 % 90,
    }
}

fn make_lists(bodies: &[Bytes]) -> Vec<Bytes> {
    (0..=bodies.len()).map(|count| make_list(&bodies[..count])).collect()
}

fn make_list<'a>(bodies: impl IntoIterator<Item = &'a Bytes>) -> Bytes {
    let mut list = b"{\"products\":[".to_vec();
    for (place, body) in bodies.into_iter().enumerate() {
        if place > 0 {
            list.push(b',');
        }
        list.extend_from_slice(body);
    }
    list.extend_from_slice(b"]}");
    list.into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::*;

    fn products(body: &Bytes) -> Vec<Value> {
        let value: Value = serde_json::from_slice(body).unwrap();
        value["products"].as_array().unwrap().clone()
    }

    #[test]
    fn a_hundred_products_have_names_of_their_own_and_equal_categories() {
        let catalog = Catalog::new();
        let names: HashSet<&str> = catalog.products.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names.len(), 100);
        for (category, _) in CATEGORIES {
            let list = products(&catalog.list(Some(category), usize::MAX));
            assert_eq!(list.len(), 25);
            assert!(list.iter().all(|product| product["category"] == category));
        }
    }

    #[test]
    fn lists_obey_their_limit() {
        let catalog = Catalog::new();
        for (category, limit, expected) in [
            (None, usize::MAX, 100),
            (None, 7, 7),
            (Some("books"), 0, 0),
            (Some("books"), 5, 5),
            (Some("weapons"), 5, 0),
        ] {
            let list = products(&catalog.list(category, limit));
            assert_eq!(list.len(), expected, "{category:?} {limit}");
        }
    }

    #[test]
    fn a_search_ignores_case_and_is_bounded() {
        let catalog = Catalog::new();
        let found = products(&catalog.search("lApToP"));
        assert_eq!(found.len(), 5);
        assert_eq!(products(&catalog.search("")).len(), MAX_SEARCH_RESULTS);
        assert!(products(&catalog.search("\"")).is_empty());
        assert!(catalog.body(0).is_none() && catalog.body(101).is_none());
        assert!(catalog.product(1).is_some() && catalog.product(100).is_some());
    }
}

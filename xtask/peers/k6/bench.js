// What k6 does in `cargo xtask bench`: one function per kind of load.
//
// Upstream: k6, as any of its scripts. Downstream: `xtask/src/bench/tools/k6.rs`, which chooses by the variable
// ACTION. Invariant: each does, request by request, what the class of the same name does in
// `tests/guests/bench`.

import { sleep } from "k6";
import http from "k6/http";

const URL = __ENV.URL;

export const options = {
  insecureSkipTLSVerify: true,
  summaryTrendStats: ["med", "p(99)"],
};

const actions = {
  Getter() {
    http.get(`${URL}/ok`);
  },

  Reader() {
    http.get(`${URL}/bytes/102400`);
  },

  Waiter() {
    http.get(`${URL}/ok`);
    sleep(10);
  },

  Shopper() {
    const type = { "Content-Type": "application/json" };
    const credentials = JSON.stringify({ username: "shopper", password: "secret" });
    const login = http.post(`${URL}/login`, credentials, { headers: type });
    const headers = { ...type, Authorization: `Bearer ${login.json().token}` };
    const list = http.get(`${URL}/products?category=electronics&limit=20`, { headers });
    const product_id = list.json().products[0].id;
    const name = { name: "/products/{id}" };
    http.get(`${URL}/products/${product_id}`, { headers, tags: name });
    http.post(`${URL}/cart`, JSON.stringify({ product_id, quantity: 1 }), { headers });
    http.post(`${URL}/orders`, null, { headers });
  },
};

export default actions[__ENV.ACTION];

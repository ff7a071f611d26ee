//! TLS as a scenario wants it for one of its users, where that is not as the run has it.
//!
//! Upstream: [`HttpClient::set_tls`](crate::HttpClient::set_tls). Downstream: `connect`, for the handshakes of this
//! user alone, and `pool`, which gives no connection to a request that wants other settings.
//! Invariants: what the run's settings say stands before the scenario's; equal choices are one [`Trust`] on a core, so
//! that a thousand users do not parse a thousand times.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustls::ClientConfig;
use wload_core::limits::TLS_CHOICES_MAX;

use crate::error::HttpError;
use crate::settings::ClientCertificate;
use crate::shared::HttpShared;

/// TLS as a scenario wants it for a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsChoice {
    /// Whether certificates of servers are verified. Always, where the run names authorities; never, where the run
    /// trusts any certificate.
    pub verify: bool,
    /// The only authorities that are trusted beside those of the run, as PEM text. Empty: those of the machine.
    pub authorities_pem: Vec<u8>,
    /// What servers are shown that ask for a certificate; that of the run stands before it.
    pub certificate: Option<ClientCertificate>,
}

/// A choice that is not what the run has, with its configuration.
pub(crate) struct Trust {
    choice: TlsChoice,
    pub(crate) config: Arc<ClientConfig>,
}

/// All choices of the users of a core.
#[derive(Debug, Default)]
pub(crate) struct Trusts(RefCell<Vec<Rc<Trust>>>);

impl Trusts {
    /// What a choice comes to; none: it is what the run has.
    pub(crate) fn find(
        &self,
        choice: TlsChoice,
        shared: &HttpShared,
    ) -> Result<Option<Rc<Trust>>, HttpError> {
        let Some(choice) = shared.beside_settings(choice) else { return Ok(None) };
        let mut all = self.0.borrow_mut();
        if let Some(known) = all.iter().find(|known| known.choice == choice) {
            return Ok(Some(Rc::clone(known)));
        }
        if all.len() >= TLS_CHOICES_MAX {
            let why = format!("more than {TLS_CHOICES_MAX} different TLS settings in a run");
            return Err(HttpError::Tls(why.into()));
        }
        let config = shared.config_of(&choice)?;
        let made = Rc::new(Trust { choice, config });
        all.push(Rc::clone(&made));
        Ok(Some(made))
    }
}

/// Whether a connection that was made under one of them may be used under the other.
pub(crate) fn is_same(one: Option<&Rc<Trust>>, other: Option<&Rc<Trust>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Rc::ptr_eq(one, other),
        _ => false,
    }
}

/// Keys and certificates are not for logs.
impl std::fmt::Debug for Trust {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Trust").field("verify", &self.choice.verify).finish_non_exhaustive()
    }
}

//! The timer of the kernel in the runtime's poll.
//!
//! Upstream: `timer.rs`. Downstream: `timerfd` of Linux; elsewhere there is none.

pub(super) use self::system::Kernel;

#[cfg(target_os = "linux")]
mod system {
    use std::os::fd::{AsFd, AsRawFd, RawFd};
    use std::time::Duration;

    use nix::sys::time::TimeSpec;
    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    #[derive(Debug)]
    pub(in crate::timer) struct Kernel(AsyncFd<File>);

    #[derive(Debug)]
    struct File(TimerFd);

    impl AsRawFd for File {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_fd().as_raw_fd()
        }
    }

    impl Kernel {
        /// None where the process may open no more files.
        pub(in crate::timer) fn new() -> Option<Self> {
            let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
            let file = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).ok()?;
            // SAFETY: the file owns its descriptor, always names the same, and cannot be reached from outside.
            #[expect(
                unsafe_code,
                reason = "a file of our own kind in tokio's poll; see the SAFETY comment"
            )]
            let file = unsafe { AsyncFd::register_with_interest(File(file), Interest::READABLE) };
            Some(Self(file.ok()?))
        }

        /// Once, and no other time that was said before.
        pub(in crate::timer) fn wake_after(&self, time: Duration) {
            // Zero would mean never.
            let time = TimeSpec::from_duration(time.max(Duration::from_nanos(1)));
            let once = Expiration::OneShot(time);
            let set = self.0.get_ref().0.set(once, TimerSetTimeFlags::empty());
            set.expect("the kernel's timer takes every time that is not negative");
        }

        /// It woke the core. It is set again and never read: that is what the kernel counts anew from.
        pub(in crate::timer) async fn woken(&self) {
            match self.0.readable().await {
                Ok(mut ready) => ready.clear_ready(),
                // The runtime ends.
                Err(_) => std::future::pending().await,
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::time::Duration;

    #[derive(Debug)]
    pub(in crate::timer) enum Kernel {}

    impl Kernel {
        pub(in crate::timer) fn new() -> Option<Self> {
            None
        }

        pub(in crate::timer) fn wake_after(&self, _: Duration) {
            match *self {}
        }

        pub(in crate::timer) async fn woken(&self) {
            match *self {}
        }
    }
}

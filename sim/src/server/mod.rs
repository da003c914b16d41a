//! The Hurd servers, one file or folder each.
//!
//! A server implements the typed trait that `schemas` generates for its interface. Its methods are synchronous and
//! never block: where a guest would have to wait, it does so on a descriptor that the server donated.

/// Defines methods of a server trait. `fn open[fs::open](&self, caller, params, results, caps) { … }` has the types
/// of operation `fs.open`.
macro_rules! methods {
    ($(
        $(#[$attribute:meta])*
        fn $name:ident[$module:ident::$operation:ident](
            &$self:ident, $caller:ident, $params:ident, $results:ident, $caps:ident $(,)?
        ) $body:block
    )+) => {$(
        $(#[$attribute])*
        #[allow(unused_mut)]
        fn $name(
            &$self,
            $caller: &schemas::server::Caller,
            $params: schemas::$module::$operation::params::Reader<'_>,
            mut $results: schemas::$module::$operation::results::Builder<'_>,
            $caps: &mut schemas::server::Capabilities,
        ) -> Result<(), schemas::Errno> $body
    )+};
}

/// The methods for `file.*` and `device.control` that every interface has, answered by [`descriptor`].
macro_rules! descriptor_methods {
    () => {
        descriptor_methods!(but file_stat);
        descriptor_methods! { file_stat[file::stat] stat, }
    };
    (but file_stat) => {
        descriptor_methods! {
            file_read[file::read] read, file_write[file::write] write,
            file_read_vector[file::read_vector] read_vector, file_write_vector[file::write_vector] write_vector,
            file_position_read[file::position_read] position_read,
            file_position_write[file::position_write] position_write,
            file_seek[file::seek] seek, file_truncate[file::truncate] truncate,
            file_allocate[file::allocate] allocate, file_synchronize[file::synchronize] synchronize,
            file_advise[file::advise] advise, file_read_directory[file::read_directory] read_directory,
            file_duplicate[file::duplicate] duplicate, file_close[file::close] close,
            file_control[file::control] control, file_lock[file::lock] lock,
            file_set_mode[file::set_mode] set_mode, file_set_owner[file::set_owner] set_owner,
            file_set_times[file::set_times] set_times, file_send[file::send] send,
            file_stat_filesystem[file::stat_filesystem] stat_filesystem,
            file_get_attribute[file::get_attribute] get_attribute,
            file_set_attribute[file::set_attribute] set_attribute,
            file_list_attributes[file::list_attributes] list_attributes,
            file_remove_attribute[file::remove_attribute] remove_attribute,
            device_control[device::control] device_control,
        }
    };
    ($($name:ident[$module:ident::$operation:ident] $function:ident,)+) => {
        methods! {$(
            fn $name[$module::$operation](&self, caller, params, results, caps) {
                $crate::server::descriptor::$function(caller, params, results, caps)
            }
        )+}
    };
}

pub mod auth;
pub mod descriptor;
pub mod devfs;
pub mod directory;
pub mod exec;
pub mod hostfs;
pub mod listing;
mod make;
pub mod pfinet;
pub mod pflocal;
pub mod proc;
pub mod process;
pub mod procfs;
pub mod reserved;
pub mod signals;
pub mod socket;
pub mod status;
pub mod system;
pub mod term;
pub mod tmpfs;
pub mod translator;

pub use make::{KINDS, MakeError, Settings, make};

#[cfg(test)]
pub(crate) mod testing;

// The compiled part of Asio: BOOST_ASIO_SEPARATE_COMPILATION keeps it out of every other file.
#include <boost/asio/impl/src.hpp>

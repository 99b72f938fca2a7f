/* Put in front of wpa_supplicant (LD_PRELOAD): releases before 2.11 make MACsec interfaces of GCM-AES-128 only,
 * whatever the key server chooses. With this one they are of GCM-AES-256. It is where the SCI is set, which is
 * done to make an interface and to find it, and at no other time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

struct rtnl_link;
int rtnl_link_macsec_set_cipher_suite(struct rtnl_link *link, uint64_t suite);

int rtnl_link_macsec_set_sci(struct rtnl_link *link, uint64_t sci)
{
	int (*set)(struct rtnl_link *, uint64_t) = dlsym(RTLD_NEXT, "rtnl_link_macsec_set_sci");
	int failed = rtnl_link_macsec_set_cipher_suite(link, 0x0080c20001000002);

	return failed ? failed : set(link, sci);
}

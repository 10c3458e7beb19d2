/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ethtool by ioctl: features are bits whose numbers differ from kernel to kernel, so each is found
 * by its name first. One call for each of the three questions, and nothing is kept: it is asked
 * when programs are attached, and now and then to see whether it still is as it was left.
 */
#include "sys/offload.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FEATURES_MAX 256 /* the kernel has 64, and room for no more */
#define BLOCKS_MAX   (FEATURES_MAX / 32)

const char *offload_name(enum offload offload)
{
	switch (offload) {
	case OFFLOAD_RXVLAN:
		return "rx-vlan-hw-parse";
	case OFFLOAD_RXVLAN_STAG:
		return "rx-vlan-stag-hw-parse";
	case OFFLOADS:
		break;
	}
	return "";
}

/* 0 or an error number. */
static int ask(int ifindex, void *command)
{
	struct ifreq request = {.ifr_data = command};
	int fd, error;

	if (!if_indextoname((unsigned)ifindex, request.ifr_name))
		return ENODEV;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	error = ioctl(fd, SIOCETHTOOL, &request) < 0 ? errno : 0;
	close(fd);
	return error;
}

/* How many features this kernel knows, 0 = it does not tell. */
static unsigned count_features(int ifindex)
{
	union {
		struct ethtool_sset_info info;
		__u32 room[sizeof(struct ethtool_sset_info) / sizeof(__u32) + 1];
	} sets = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES}};

	if (ask(ifindex, &sets) || !sets.info.sset_mask || sets.info.data[0] > FEATURES_MAX)
		return 0;
	return sets.info.data[0];
}

/* The bit of a feature, -1 = this kernel has none of that name. */
static int find_feature(int ifindex, const char *name)
{
	unsigned count = count_features(ifindex);
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + FEATURES_MAX * ETH_GSTRING_LEN);
	int found = -1;

	if (!names)
		return -1;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = count;
	if (count && !ask(ifindex, names))
		for (unsigned i = 0; i < names->len && found < 0; i++)
			if (!strncmp((char *)names->data + i * ETH_GSTRING_LEN, name,
				     ETH_GSTRING_LEN))
				found = (int)i;
	free(names);
	return found;
}

static bool is_active(int ifindex, unsigned feature)
{
	struct ethtool_gfeatures *state =
		calloc(1, sizeof(*state) + BLOCKS_MAX * sizeof(state->features[0]));
	bool active = false;

	if (!state)
		return false;
	state->cmd = ETHTOOL_GFEATURES;
	state->size = BLOCKS_MAX;
	if (!ask(ifindex, state))
		active = state->features[feature / 32].active >> feature % 32 & 1;
	free(state);
	return active;
}

bool offload_active(int ifindex, enum offload offload)
{
	int feature = find_feature(ifindex, offload_name(offload));

	return feature >= 0 && is_active(ifindex, (unsigned)feature);
}

/* 0 or an error number. */
static int change(int ifindex, unsigned feature, bool on)
{
	struct ethtool_sfeatures *order =
		calloc(1, sizeof(*order) + BLOCKS_MAX * sizeof(order->features[0]));
	int error;

	if (!order)
		return ENOMEM;
	order->cmd = ETHTOOL_SFEATURES;
	order->size = (count_features(ifindex) + 31) / 32; /* exactly, or it is refused */
	order->features[feature / 32].valid = 1U << feature % 32;
	order->features[feature / 32].requested = on ? 1U << feature % 32 : 0;
	error = ask(ifindex, order);
	free(order);
	return error;
}

int offload_set(int ifindex, enum offload offload, bool on)
{
	int feature = find_feature(ifindex, offload_name(offload)), error;

	if (feature < 0)
		return on ? EOPNOTSUPP : 0;
	error = change(ifindex, (unsigned)feature, on);
	if (error)
		return error;
	/* That a feature is fixed is told by no error. */
	return is_active(ifindex, (unsigned)feature) == on ? 0 : EOPNOTSUPP;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What outlives the agent: the directory of pins and what lies in it.
 *
 *   PIN_DIR/vr_slots ...		the maps
 *   PIN_DIR/links/<ifindex>-<hook>	the links: xdp, tc_in, tc_out
 *   PIN_DIR/links/<ifindex>-clsact	a directory: the clsact qdisc on the interface is ours
 *   PIN_DIR/links/<ifindex>-rxvlan	the same: we have turned that offload off, see attach_tags.c
 *
 * Interfaces go by their number because bpffs refuses names with a dot, such as eth0.100.
 *
 * A directory of pins is easily mistaken for another one, /sys/fs/bpf for what lies below it. So
 * what is ours is told by its name and kind, nothing else is ever touched, and a directory that
 * holds something else is refused before anything happens to it.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys/attach_private.h"
#include "sys/log.h"

#define BPFFS_HOME   "/sys/fs/bpf"
#define MOUNT_SOURCE "xvrrpd"

static const char *advice(int error)
{
	if (error == EPERM || error == EACCES)
		return ": run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN";
	if (error == ENODEV)
		return ": this kernel has no bpf file system (CONFIG_BPF_SYSCALL)";
	return "";
}

static bool on_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == BPF_FS_MAGIC;
}

static int make_directory(const char *path, struct failure *failure)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return fail(failure, "cannot make the directory %s: %s%s", path, strerror(errno),
			    advice(errno));
	return 0;
}

static int mount_bpffs(const char *path, struct failure *failure)
{
	if (mount(MOUNT_SOURCE, path, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		return fail(failure, "cannot mount a bpf file system on %s: %s%s", path,
			    strerror(errno), advice(errno));
	log_info("mounted a bpf file system on %s", path);
	return 0;
}

static bool mounted_by_us(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	bool ours = false;

	if (!mounts)
		return false;
	/* The last line for a path is the mount that is on top. */
	while ((entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_dir, path))
			ours = !strcmp(entry->mnt_fsname, MOUNT_SOURCE) &&
			       !strcmp(entry->mnt_type, "bpf");
	endmntent(mounts);
	return ours;
}

/* Nobody's pin has a dot in its name; the kernel's own files (maps.debug) have. */
static bool is_pin(const struct dirent *entry)
{
	return !strchr(entry->d_name, '.');
}

static bool is_no_pin(const struct dirent *entry)
{
	return !is_pin(entry);
}

/* These names stay here for ever, so that a later version clears what an earlier one left. */
const char *const map_names[MAPS] = {"abi",	 "vr_index", "vip_index", "peer_index",
				     "vr_slots", "vr_stats", "if_stats",  "events"};

static bool is_our_map(const struct dirent *entry)
{
	for (size_t i = 0; i < MAPS; i++)
		if (!strcmp(entry->d_name, map_names[i]))
			return entry->d_type == DT_REG;
	return false;
}

/* What follows "<ifindex>-", "" if the name does not begin so. */
static const char *behind_ifindex(const char *name)
{
	size_t digits = strspn(name, "0123456789");

	return digits && name[digits] == '-' ? name + digits + 1 : "";
}

static int ifindex_of(const char *name)
{
	return (int)strtol(name, NULL, 10);
}

static bool is_our_link(const struct dirent *entry)
{
	const char *hook = behind_ifindex(entry->d_name);

	return entry->d_type == DT_REG &&
	       (!strcmp(hook, "xdp") || !strcmp(hook, "tc_in") || !strcmp(hook, "tc_out"));
}

static bool is_our_marker(const struct dirent *entry)
{
	const char *what = behind_ifindex(entry->d_name);

	return entry->d_type == DT_DIR && (!strcmp(what, "clsact") || is_tags_marker(what));
}

typedef bool test_fn(const struct dirent *entry);

static bool is_dots(const struct dirent *entry)
{
	return !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
}

static bool belongs_in_pin_dir(const struct dirent *entry)
{
	return !is_pin(entry) || is_our_map(entry) ||
	       (entry->d_type == DT_DIR && !strcmp(entry->d_name, "links"));
}

static bool belongs_in_links(const struct dirent *entry)
{
	return !is_pin(entry) || is_our_link(entry) || is_our_marker(entry);
}

/*
 * The name of something in the directory that does not belong there, "" = all does. False if the
 * directory cannot be read.
 */
static bool find_other(const char *path, test_fn *belongs, char name[NAME_MAX + 1])
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	name[0] = '\0';
	if (!directory)
		return false;
	while (!name[0] && (entry = readdir(directory)))
		if (!belongs(entry))
			snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
	closedir(directory);
	return true;
}

static int refuse_other(const char *path, test_fn *belongs, struct failure *failure)
{
	char name[NAME_MAX + 1];

	find_other(path, belongs, name);
	if (!name[0])
		return 0;
	return fail(failure,
		    "the pin directory holds something that is not xvrrpd's, %s/%s: give --pin-dir "
		    "a directory of its own",
		    path, name);
}

/* When in doubt, no: what is empty is unmounted. */
static bool is_empty(const char *path)
{
	char name[NAME_MAX + 1];

	return find_other(path, is_no_pin, name) && !name[0];
}

/* Unmounting would destroy what others have pinned there meanwhile: only when it is empty. */
static void unmount_ours(const char *path)
{
	if (mounted_by_us(path) && is_empty(path) && umount2(path, 0))
		log_warning("cannot unmount %s: %s", path, strerror(errno));
}

/* Split `path` into its canonical parent and the rest. */
static int canonical(const char *path, char parent[PATH_MAX], char full[DATAPLANE_PATH_MAX],
		     struct failure *failure)
{
	char copy[DATAPLANE_PATH_MAX], *slash;
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (length == 0 || length >= sizeof(copy))
		return fail(failure, "the pin directory's name is empty or too long");
	snprintf(copy, sizeof(copy), "%.*s", (int)length, path);
	slash = strrchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (!realpath(!slash ? "." : slash == copy ? "/" : copy, parent))
		return fail(failure, "the pin directory %s cannot be made: %s: %s%s", path,
			    slash ? copy : ".", strerror(errno), advice(errno));
	if (snprintf(full, DATAPLANE_PATH_MAX, "%s/%s", strcmp(parent, "/") ? parent : "",
		     slash ? slash + 1 : copy) >= DATAPLANE_PATH_MAX)
		return fail(failure, "the pin directory's name is too long");
	return 0;
}

static int lock(struct dataplane *dataplane, struct failure *failure)
{
	int fd = open(dataplane->pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fail(failure, "cannot open %s: %s%s", dataplane->pin_dir, strerror(errno),
			    advice(errno));
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return fail(failure,
			    "another agent is using the pin directory %s: stop it, or give this "
			    "one another --pin-dir",
			    dataplane->pin_dir);
	}
	dataplane->lock_fd = fd;
	return 0;
}

static void links_directory(const struct dataplane *dataplane, char path[DATAPLANE_PATH_MAX + 8])
{
	snprintf(path, DATAPLANE_PATH_MAX + 8, "%s/links", dataplane->pin_dir);
}

int pins_open(struct dataplane *dataplane, const char *pin_dir, struct failure *failure)
{
	char parent[PATH_MAX], links[DATAPLANE_PATH_MAX + 8];

	if (canonical(pin_dir, parent, dataplane->pin_dir, failure))
		return -1;
	if (!strcmp(parent, BPFFS_HOME) && !on_bpffs(parent) && mount_bpffs(parent, failure))
		return -1;
	if (make_directory(dataplane->pin_dir, failure))
		return -1;
	/* A mount would hide what is there. */
	if (!on_bpffs(dataplane->pin_dir) && (refuse_other(dataplane->pin_dir, is_dots, failure) ||
					      mount_bpffs(dataplane->pin_dir, failure))) {
		rmdir(dataplane->pin_dir);
		return -1;
	}
	if (lock(dataplane, failure))
		return -1;
	links_directory(dataplane, links);
	return refuse_other(dataplane->pin_dir, belongs_in_pin_dir, failure) ||
			       refuse_other(links, belongs_in_links, failure)
		       ? -1
		       : 0;
}

void pins_close(struct dataplane *dataplane)
{
	char parent[DATAPLANE_PATH_MAX];

	if (dataplane->lock_fd < 0)
		return;
	rmdir(dataplane->pin_dir);
	close(dataplane->lock_fd); /* it keeps the mount busy */
	unmount_ours(dataplane->pin_dir);
	rmdir(dataplane->pin_dir);
	snprintf(parent, sizeof(parent), "%s", dataplane->pin_dir);
	*strrchr(parent, '/') = '\0';
	unmount_ours(parent);
}

/* Whatever it is: links can be detached, for the rest that fails. */
static void detach(const char *path)
{
	int fd = bpf_obj_get(path);

	if (fd < 0)
		return;
	bpf_link_detach(fd);
	close(fd);
}

static void remove_pin(const char *directory, const char *name)
{
	char pin[DATAPLANE_PATH_MAX + 8 + NAME_MAX];

	snprintf(pin, sizeof(pin), "%s/%s", directory, name);
	detach(pin);
	if (unlink(pin))
		log_warning("cannot remove the pin %s: %s", pin, strerror(errno));
}

bool pins_stale(const struct dataplane *dataplane)
{
	return !is_empty(dataplane->pin_dir);
}

/* Maps last: programs that are still attached must find the leases ended in theirs. */
void pins_clear(struct dataplane *dataplane)
{
	char links[DATAPLANE_PATH_MAX + 8];
	DIR *directory;
	struct dirent *entry;

	pins_settle(dataplane);
	links_directory(dataplane, links);
	rmdir(links);
	directory = opendir(dataplane->pin_dir);
	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (is_our_map(entry))
			remove_pin(dataplane->pin_dir, entry->d_name);
	closedir(directory);
}

/* Another thread may be attaching just now. */
static void settle_entry(struct dataplane *dataplane, const char *links, const struct dirent *entry)
{
	int ifindex = ifindex_of(entry->d_name);

	pthread_mutex_lock(&dataplane->attachments_lock);
	if (is_our_link(entry) && !is_attached(dataplane, ifindex))
		remove_pin(links, entry->d_name);
	if (is_our_marker(entry) && !is_attached(dataplane, ifindex)) {
		tags_strip_again(dataplane, ifindex);
		clsact_remove(dataplane, ifindex);
	}
	pthread_mutex_unlock(&dataplane->attachments_lock);
}

void pins_settle(struct dataplane *dataplane)
{
	char links[DATAPLANE_PATH_MAX + 8];
	DIR *directory;
	struct dirent *entry;

	links_directory(dataplane, links);
	directory = opendir(links);
	while (directory && (entry = readdir(directory)))
		settle_entry(dataplane, links, entry);
	if (directory)
		closedir(directory);
	clsact_settle(dataplane);
}

int pins_add_maps(struct dataplane *dataplane, struct failure *failure)
{
	char path[DATAPLANE_PATH_MAX + 32];

	for (enum dataplane_map map = 0; map < MAPS; map++) {
		snprintf(path, sizeof(path), "%s/%s", dataplane->pin_dir, map_names[map]);
		if (bpf_obj_pin(dataplane->map_fd[map], path))
			return fail(failure, "cannot pin a map at %s: %s%s", path, strerror(errno),
				    advice(errno));
	}
	return 0;
}

int pins_make_links(const struct dataplane *dataplane, struct failure *failure)
{
	char links[DATAPLANE_PATH_MAX + 8];

	links_directory(dataplane, links);
	return make_directory(links, failure);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core module's exported functions bear the names that every NVMe text
 * uses, but exported symbols share one name space with the kernel's own
 * nvme-core, which may be loaded beside us.  So the linker sees a prefix.
 */
#ifndef NVMESCOPE_EXPORTS_H
#define NVMESCOPE_EXPORTS_H

#define nvme_alloc_admin_tags		nvmescope_alloc_admin_tags
#define nvme_remove_admin_tags		nvmescope_remove_admin_tags
#define nvme_alloc_io_tags		nvmescope_alloc_io_tags
#define nvme_remove_io_tags		nvmescope_remove_io_tags
#define nvme_change_ctrl_state		nvmescope_change_ctrl_state
#define nvme_complete_async_event	nvmescope_complete_async_event
#define nvme_complete_batch_req		nvmescope_complete_batch_req
#define nvme_complete_rq		nvmescope_complete_rq
#define nvme_cancel_all			nvmescope_cancel_all
#define nvme_disable_ctrl		nvmescope_disable_ctrl
#define nvme_shutdown_ctrl		nvmescope_shutdown_ctrl
#define nvme_enable_async_events	nvmescope_enable_async_events
#define nvme_enable_ctrl		nvmescope_enable_ctrl
#define nvme_finish_special		nvmescope_finish_special
#define nvme_init_ctrl			nvmescope_init_ctrl
#define nvme_uninit_ctrl		nvmescope_uninit_ctrl
#define nvme_init_identify		nvmescope_init_identify
#define nvme_read_cap			nvmescope_read_cap
#define nvme_phase_begin		nvmescope_phase_begin
#define nvme_phase_begin_work		nvmescope_phase_begin_work
#define nvme_phase_end			nvmescope_phase_end
#define nvme_phase_current		nvmescope_phase_current
#define nvme_queue_scan			nvmescope_queue_scan
#define nvme_start_freeze		nvmescope_start_freeze
#define nvme_wait_freeze_timeout	nvmescope_wait_freeze_timeout
#define nvme_unfreeze			nvmescope_unfreeze
#define nvme_update_hw_queues		nvmescope_update_hw_queues
#define nvme_quiesce_io_queues		nvmescope_quiesce_io_queues
#define nvme_unquiesce_io_queues	nvmescope_unquiesce_io_queues
#define nvme_quiesce_admin_queue	nvmescope_quiesce_admin_queue
#define nvme_unquiesce_admin_queue	nvmescope_unquiesce_admin_queue
#define nvme_refuse_request		nvmescope_refuse_request
#define nvme_remove_namespaces		nvmescope_remove_namespaces
#define nvme_mark_namespaces_dead	nvmescope_mark_namespaces_dead
#define nvme_reset_ctrl			nvmescope_reset_ctrl
#define nvme_set_queue_count		nvmescope_set_queue_count
#define nvme_setup_cmd			nvmescope_setup_cmd
#define nvme_start_ctrl			nvmescope_start_ctrl
#define nvme_stop_ctrl			nvmescope_stop_ctrl
#define nvme_submit_sync_cmd		nvmescope_submit_sync_cmd
#define nvme_init_internal_request	nvmescope_init_internal_request
#define nvme_quirk_mask			nvmescope_quirk_mask
#define nvme_quirk_name			nvmescope_quirk_name
#define nvme_watch			nvmescope_watch
#define nvme_listening			nvmescope_listening
#define nvme_steps			nvmescope_steps
#define nvme_steps_open			nvmescope_steps_open
#define nvme_steps_close		nvmescope_steps_close
#define nvme_keep_oddly			nvmescope_keep_oddly
#define nvme_tick_ns			nvmescope_tick_ns
#define nvme_wq				nvmescope_wq
#define nvme_reset_wq			nvmescope_reset_wq
#define nvme_io_timeout			nvmescope_io_timeout
#define nvme_admin_timeout		nvmescope_admin_timeout

#endif /* NVMESCOPE_EXPORTS_H */

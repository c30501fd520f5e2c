# SPDX-License-Identifier: Apache-2.0
# What the recorder (vivado.tcl) knows of the vendor's IP: parameters with their defaults, pins, interfaces, address
# segments. From the product guides PG201 (Zynq UltraScale+), PG082 (Zynq-7000), PG099 (interrupt controller), PG164
# (resets), PG247 (SmartConnect), PG021 (DMA); only what block designs like ours may use.

namespace eval rec {
  variable bus_parameters {
    DATA_WIDTH ADDR_WIDTH ID_WIDTH PROTOCOL READ_WRITE_MODE HAS_BURST SUPPORTS_NARROW_BURST MAX_BURST_LENGTH
    NUM_READ_OUTSTANDING NUM_WRITE_OUTSTANDING HAS_LOCK HAS_PROT HAS_CACHE HAS_QOS HAS_REGION HAS_BRESP HAS_RRESP
    HAS_WSTRB ASSOCIATED_BUSIF ASSOCIATED_RESET POLARITY SENSITIVITY PortWidth
    TDATA_NUM_BYTES HAS_TREADY HAS_TKEEP HAS_TLAST HAS_TSTRB TUSER_WIDTH TID_WIDTH TDEST_WIDTH
  }
}

# Parameters of an IP with their defaults.
proc rec::defaults {ip} {
  switch $ip {
    zynq_ultra_ps_e {
      set all {
        PSU__USE__M_AXI_GP0 1 PSU__USE__M_AXI_GP1 1 PSU__USE__M_AXI_GP2 0
        PSU__MAXIGP0__DATA_WIDTH 128 PSU__MAXIGP1__DATA_WIDTH 128 PSU__MAXIGP2__DATA_WIDTH 32
        PSU__USE__IRQ0 0 PSU__USE__IRQ1 0 PSU__USE__FABRIC__RST 1 PSU__NUM_FABRIC_RESETS 1
        PSU__HIGH_ADDRESS__ENABLE 0 PSU__DDR_HIGH_ADDRESS_GUI_ENABLE 0
      }
      for {set i 0} {$i < 7} {incr i} { lappend all PSU__USE__S_AXI_GP$i 0 PSU__SAXIGP${i}__DATA_WIDTH 128 }
      for {set i 0} {$i < 4} {incr i} {
        lappend all PSU__FPGA_PL${i}_ENABLE [expr {$i == 0}] PSU__CRL_APB__PL${i}_REF_CTRL__FREQMHZ 100 \
          PSU__CRL_APB__PL${i}_REF_CTRL__SRCSEL IOPLL
      }
      return $all
    }
    processing_system7 {
      set all {
        PCW_USE_M_AXI_GP0 1 PCW_USE_M_AXI_GP1 0 PCW_USE_FABRIC_INTERRUPT 0 PCW_IRQ_F2P_INTR 0
        PCW_EN_RST0_PORT 1 PCW_USE_S_AXI_ACP 0
      }
      for {set i 0} {$i < 4} {incr i} {
        lappend all PCW_USE_S_AXI_HP$i 0 PCW_S_AXI_HP${i}_DATA_WIDTH 64 PCW_EN_CLK${i}_PORT [expr {$i == 0}] \
          PCW_FPGA${i}_PERIPHERAL_FREQMHZ 50
      }
      return $all
    }
    smartconnect { return {NUM_SI 1 NUM_MI 1 NUM_CLKS 1 HAS_ARESETN 1} }
    axi_intc { return {C_IRQ_CONNECTION 0 C_KIND_OF_INTR 0xFFFFFFFF C_HAS_FAST 0 C_IRQ_IS_LEVEL 1} }
    proc_sys_reset { return {C_EXT_RST_WIDTH 4 C_AUX_RESET_HIGH 0} }
    xlconcat { return {NUM_PORTS 2} }
    axi_dma {
      return {
        c_include_sg 1 c_include_mm2s 1 c_include_s2mm 1 c_sg_length_width 14 c_addr_width 32
        c_m_axi_mm2s_data_width 32 c_m_axis_mm2s_tdata_width 32 c_m_axi_s2mm_data_width 32
        c_s_axis_s2mm_tdata_width 32 c_include_mm2s_dre 0 c_include_s2mm_dre 0 c_sg_include_stscntrl_strm 1
        c_mm2s_burst_size 16 c_s2mm_burst_size 16 c_micro_dma 0
      }
    }
  }
  return ""
}

# Pins, interfaces, address spaces and segments of an IP with these parameters.
proc rec::shape {ip config} {
  set all {}
  switch $ip {
    zynq_ultra_ps_e {
      lappend all {space Data {}}
      foreach {gp name} {0 HPM0_FPD 1 HPM1_FPD 2 HPM0_LPD} {
        if {[dict get $config PSU__USE__M_AXI_GP$gp]} {
          lappend all [list pin maxi[string tolower $name]_aclk I 1 clk] \
            [list intf M_AXI_$name master aximm [dict get $config PSU__MAXIGP${gp}__DATA_WIDTH]]
        }
      }
      foreach {gp name} {0 HPC0 1 HPC1 2 HP0 3 HP1 4 HP2 5 HP3} {
        if {[dict get $config PSU__USE__S_AXI_GP$gp]} {
          lappend all [list pin saxi[string tolower $name]_fpd_aclk I 1 clk] \
            [list intf S_AXI_${name}_FPD slave aximm [dict get $config PSU__SAXIGP${gp}__DATA_WIDTH]] \
            [list segment SAXIGP$gp ${name}_DDR_LOW 0 0x80000000 memory] \
            [list segment SAXIGP$gp ${name}_DDR_HIGH 0x800000000 0x800000000 memory] \
            [list segment SAXIGP$gp ${name}_LPS_OCM 0xFF000000 0x1000000 memory]
        }
      }
      foreach irq {0 1} {
        if {[dict get $config PSU__USE__IRQ$irq]} { lappend all [list pin pl_ps_irq$irq I 1 intr] }
      }
      for {set i 0} {$i < 4} {incr i} {
        if {[dict get $config PSU__FPGA_PL${i}_ENABLE]} { lappend all [list pin pl_clk$i O 1 clk] }
      }
      if {[dict get $config PSU__USE__FABRIC__RST]} { lappend all {pin pl_resetn0 O 1 rst} }
    }
    processing_system7 {
      lappend all {space Data {}} {intf DDR master ddrx 0} {intf FIXED_IO master fixedio 0}
      foreach gp {0 1} {
        if {[dict get $config PCW_USE_M_AXI_GP$gp]} {
          lappend all [list pin M_AXI_GP${gp}_ACLK I 1 clk] [list intf M_AXI_GP$gp master aximm 32]
        }
      }
      for {set i 0} {$i < 4} {incr i} {
        if {[dict get $config PCW_USE_S_AXI_HP$i]} {
          lappend all [list pin S_AXI_HP${i}_ACLK I 1 clk] \
            [list intf S_AXI_HP$i slave aximm [dict get $config PCW_S_AXI_HP${i}_DATA_WIDTH]] \
            [list segment S_AXI_HP$i HP${i}_DDR_LOWOCM 0 0x20000000 memory]
        }
        if {[dict get $config PCW_EN_CLK${i}_PORT]} { lappend all [list pin FCLK_CLK$i O 1 clk] }
      }
      if {[dict get $config PCW_EN_RST0_PORT]} { lappend all {pin FCLK_RESET0_N O 1 rst} }
      if {[dict get $config PCW_USE_FABRIC_INTERRUPT] && [dict get $config PCW_IRQ_F2P_INTR]} {
        lappend all {pin IRQ_F2P I 1 intr}
      }
    }
    smartconnect {
      lappend all {pin aclk I 1 clk} {pin aresetn I 1 rst}
      for {set i 0} {$i < [dict get $config NUM_SI]} {incr i} { lappend all [list intf [format S%02d_AXI $i] slave aximm 0] }
      for {set i 0} {$i < [dict get $config NUM_MI]} {incr i} { lappend all [list intf [format M%02d_AXI $i] master aximm 0] }
    }
    axi_intc {
      lappend all {pin s_axi_aclk I 1 clk} {pin s_axi_aresetn I 1 rst} {pin intr I 0 intr} \
        {intf s_axi slave aximm 32} {segment S_AXI Reg 0 0x10000 register}
      lappend all [expr {[dict get $config C_IRQ_CONNECTION] ? {pin irq O 1 intr} : {intf interrupt master mbinterrupt 0}}]
    }
    proc_sys_reset {
      lappend all {pin slowest_sync_clk I 1 clk} {pin ext_reset_in I 1 rst} {pin aux_reset_in I 1 rst} \
        {pin dcm_locked I 1 data} {pin mb_debug_sys_rst I 1 rst} {pin peripheral_aresetn O 1 rst} \
        {pin interconnect_aresetn O 1 rst} {pin peripheral_reset O 1 rst} {pin bus_struct_reset O 1 rst}
    }
    xlconcat {
      for {set i 0} {$i < [dict get $config NUM_PORTS]} {incr i} { lappend all [list pin In$i I 1 intr] }
      lappend all [list pin dout O [dict get $config NUM_PORTS] intr]
    }
    axi_dma {
      lappend all {pin s_axi_lite_aclk I 1 clk} {pin axi_resetn I 1 rst} {intf S_AXI_LITE slave aximm 32} \
        {segment S_AXI_LITE Reg 0 0x10000 register}
      if {[dict get $config c_include_sg]} {
        lappend all {pin m_axi_sg_aclk I 1 clk} {intf M_AXI_SG master aximm 32} {space Data_SG M_AXI_SG}
      }
      if {[dict get $config c_include_mm2s]} {
        lappend all {pin m_axi_mm2s_aclk I 1 clk} {pin mm2s_introut O 1 intr} {space Data_MM2S M_AXI_MM2S} \
          [list intf M_AXI_MM2S master aximm [dict get $config c_m_axi_mm2s_data_width]] \
          [list intf M_AXIS_MM2S master axis [dict get $config c_m_axis_mm2s_tdata_width]]
      }
      if {[dict get $config c_include_s2mm]} {
        lappend all {pin m_axi_s2mm_aclk I 1 clk} {pin s2mm_introut O 1 intr} {space Data_S2MM M_AXI_S2MM} \
          [list intf M_AXI_S2MM master aximm [dict get $config c_m_axi_s2mm_data_width]] \
          [list intf S_AXIS_S2MM slave axis [dict get $config c_s_axis_s2mm_tdata_width]]
      }
    }
    default { error "\[BD 5-216\] VLNV of an IP that is not in the catalog: $ip" }
  }
  return $all
}

# A new cell of an IP: the vendor's, with a version or without, or a packaged one.
proc rec::make_cell {cell vlnv} {
  variable prop; variable packaged
  lassign [split $vlnv :] vendor library ip
  if {[info exists packaged($vlnv)]} { set config {} } elseif {$vendor eq "xilinx.com"} {
    set config [defaults $ip]; if {$config eq ""} { error "\[BD 5-216\] no IP $vlnv in the catalog" }
  } else { error "\[BD 5-216\] no IP $vlnv in the catalog" }
  set prop($cell,vlnv) $vlnv; set prop($cell,config) $config
  shape_cell $cell
}

proc rec::shape_cell {cell} {
  variable kind; variable prop; variable packaged
  set vlnv $prop($cell,vlnv)
  foreach old [concat [all {pin intf} $cell/*] [all bdspace space:$cell/*] [all bdsegment segment:$cell/*]] { unset kind($old) }
  set parts [expr {[info exists packaged($vlnv)] ? $packaged($vlnv) : [shape [lindex [split $vlnv :] 2] $prop($cell,config)]}]
  foreach part $parts {
    set rest [lassign $part what name]
    switch $what {
      pin { new pin $cell/$name; set prop($cell/$name,shape) $rest }
      intf { new intf $cell/$name; set prop($cell/$name,shape) $rest }
      space { new bdspace space:$cell/$name }
      segment { new bdsegment segment:$cell/$name/[lindex $rest 0] }
    }
  }
}

proc rec::configure {cell name value} {
  variable prop; variable wires; variable buses
  if {![dict exists $prop($cell,config) $name]} { error "\[BD 41-736\] [lindex [split $prop($cell,vlnv) :] 2] has no parameter $name" }
  dict set prop($cell,config) $name $value
  shape_cell $cell
}

proc rec::automate {rule config cell} {
  need cell $cell
  foreach option [dict keys $config] {
    if {$option ni {apply_board_preset make_external Master Slave}} { error "apply_bd_automation: no option $option" }
  }
  fact automation [string range $cell 1 end] $rule $config
  if {[dict exists $config make_external]} {
    variable buses
    foreach name [split [dict get $config make_external] ", "] {
      if {$name ne ""} { lappend buses [list [need intf $cell/$name] /external/$name] }
    }
  }
}

# What validate_bd_design refuses: a clock without a driver.
proc rec::validate {} {
  variable prop; variable wires
  fact validated
  foreach pin [all pin] {
    lassign $prop($pin,shape) direction width type
    if {$direction eq "I" && $type eq "clk"} {
      set driven 0
      foreach net $wires { if {$pin in $net} { foreach other $net {
        if {[lindex $prop($other,shape) 0] eq "O"} { set driven 1 } } } }
      if {!$driven} { error "\[BD 41-758\] the clock pin $pin is not connected to a clock" }
    }
  }
}
